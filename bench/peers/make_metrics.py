#!/usr/bin/env python3
"""Writes the golden file of the explanation metrics that the tests of codanet read: bench/peers/make_metrics.py [OUT.safetensors]

It follows the protocol of the paper's published code, with NumPy's own random numbers and sorting. Logits, images and maps are
random. No network is needed, because the metrics work on arrays. The file is the same, byte for byte, on every machine: NumPy's vectorised
sorting, which orders equal values differently, is switched off first.
"""
import os

os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"  # the names of NumPy 2.4

import json
import pathlib
import struct
import sys
import warnings

warnings.simplefilter("ignore", ImportWarning)  # NumPy warns of features that this processor does not have anyway

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
FILE = TOP / "codanet/src/test/resources/org/codanet/golden/metrics_drawn.safetensors"
TYPES = {np.dtype("float32"): "F32", np.dtype("int64"): "I64", np.dtype("uint8"): "U8"}
SEED = 20261128
SIZE = 8
CLASSES = 10
IMAGES = 80


def confidences(logits, labels):
    """For each class the indices of its correctly classified images, the highest logit first."""
    classes = [[] for _ in range(CLASSES)]
    for n, row in enumerate(logits):
        if row.argmax() == labels[n]:
            classes[labels[n]].append(n)
    return [sorted(images, key=lambda n: -logits[n, k]) for k, images in enumerate(classes)]


def grids(logits, classes, cells):
    """The grids of the published code: a list of draws, read with a shift of one after each grid."""
    pointers = [0] * CLASSES

    def available():
        found = []
        for k in range(CLASSES):
            if pointers[k] < len(classes[k]):
                logit = np.float32(logits[classes[k][pointers[k]], k])
                if np.float32(1) / (np.float32(1) + np.exp(-logit)) > 0.5:
                    found.append(k)
        return found

    generator = np.random.RandomState(42)
    draws = []
    while len(available()) > cells:
        for k in generator.choice(available(), cells, replace=False):
            draws.append((classes[k][pointers[k]], k))
            pointers[k] += 1
    found, offset = [], 0
    while True:
        grid, i = {}, 0
        while len(grid) < cells and offset + i < len(draws):
            image, k = draws[offset + i]
            grid.setdefault(int(k), image)
            i += 1
        if len(grid) < cells:
            return found
        found.append(grid)
        offset += i + 1


def localisation(tensors, generator, images, logits, classes, side):
    cells = side * side
    name = f"loc{cells}_"
    found = grids(logits, classes, cells)
    tensors[name + "image_index"] = np.array([list(grid.values()) for grid in found], np.int64)
    tensors[name + "target"] = np.array([list(grid) for grid in found], np.int64)
    whole = np.zeros((3, side * SIZE, side * SIZE), np.uint8)
    for cell, image in enumerate(found[0].values()):
        y, x = cell % side * SIZE, cell // side * SIZE
        whole[:, y:y + SIZE, x:x + SIZE] = images[image]
    tensors[name + "multi_image_0"] = whole
    maps = generator.standard_normal((cells, side * SIZE, side * SIZE)).astype(np.float32)
    maps[1] = -np.abs(maps[1])  # a map without a positive value
    means = np.maximum(maps.astype(np.float64), 0).reshape(cells, side, SIZE, side, SIZE).mean((2, 4))
    flat = means.transpose(0, 2, 1).reshape(cells, cells)  # cell index = image index, column by column
    total = flat.sum(1, keepdims=True)
    fractions = np.divide(flat, total, out=np.zeros_like(flat), where=flat * total > 0)
    tensors[name + "map_0_Ours"] = maps
    tensors[name + "fraction_Ours"] = fractions.astype(np.float32)[None]


def removal(tensors, settings, generator, method, direction, share, points, levels):
    count = 6
    name = f"rem_{method}_{direction}_{points}"
    importance = generator.standard_normal((count, SIZE, SIZE)).astype(np.float32)
    if levels:  # many equal values, as in the maps of GradCAM
        importance = np.round(importance * levels).astype(np.float32) / np.float32(levels)
    order = importance.reshape(count, -1).argsort(1)
    if direction == "most":
        order = order[:, ::-1]
    most = int(share * SIZE * SIZE)
    stride = int(most // points)
    tensors[name + "_importance"] = importance
    tensors[name + "_order"] = np.ascontiguousarray(order[:, :most]).astype(np.int64)
    tensors[name + "_arith"] = np.array([most, stride, most // stride + 1], np.int64)
    settings.append(dict(method=method, config="default", direction=direction, num_pixels=share, sample_points=points,
                         n_imgs=count))


def median_of_three_killer(n):
    """A sequence for which quicksort with the median of three takes quadratic time. Every value is halved so that values occur twice."""
    values = np.zeros(n, np.float32)
    half = n // 2
    for i in range(1, half + 1):
        if i % 2 == 1:
            values[i - 1] = i
            values[i] = half + i
        values[half + i - 1] = 2 * i
    return np.floor(values / 2)


def write(path, tensors, config):
    header = {"__metadata__": {"kind": "eval_metrics", "config": json.dumps(config, sort_keys=True),
                               "source": f"bench/peers/make_metrics.py, seed {SEED}, numpy {np.__version__}"}}
    data, at = b"", 0
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name]).tobytes()
        header[name] = {"dtype": TYPES[tensors[name].dtype], "shape": list(tensors[name].shape),
                        "data_offsets": [at, at + len(raw)]}
        data += raw
        at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = np.arange(IMAGES, dtype=np.int64) % CLASSES
    logits = generator.standard_normal((IMAGES, CLASSES)).astype(np.float32)
    logits[np.arange(IMAGES), labels] += np.float32(2.5)
    images = generator.integers(0, 256, (IMAGES, 3, SIZE, SIZE), dtype=np.uint8)
    classes = confidences(logits, labels)
    tensors = {"logits": logits, "labels": labels, "images": images,
               "conf_class_count": np.array([len(c) for c in classes], np.int64),
               "conf_sorted_index": np.array([n for c in classes for n in c], np.int64),
               "conf_sorted_logit": np.array([logits[n, k] for k, c in enumerate(classes) for n in c], np.float32)}
    for side in (2, 3):
        localisation(tensors, generator, images, logits, classes, side)
    settings = []
    for direction in ("least", "most"):
        removal(tensors, settings, generator, "Drawn", direction, 0.25, 5, 0)
        removal(tensors, settings, generator, "Tied", direction, 0.5, 12, 2)
    tensors["ties_values"] = median_of_three_killer(256)
    tensors["ties_order"] = tensors["ties_values"].argsort().astype(np.int64)
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    write(path, tensors, dict(image_size=SIZE, removal=settings))


if __name__ == "__main__":
    main()
