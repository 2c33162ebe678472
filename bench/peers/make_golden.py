#!/usr/bin/env python3
"""Writes the golden files that the tests of nn and codanet read, or checks golden files against the same formulas.

    make_golden.py                   writes every file again, byte for byte the same
    make_golden.py --check DIR ...   recomputes the values in the files of DIR; exit code 1 if one differs by more than 1e-6

Every value is computed in float64 from inputs and weights that are exact float32 numbers, and then rounded once. Random inputs are
used only if plain float32 arithmetic reproduces the results well. Ill-conditioned inputs would exceed the tests' tolerance of 1e-5.
"""
import argparse
import json
import pathlib
import struct
import sys

import torch

from golden_math import Geometry, RESULTS, layers, state_keys

SEED = 20260517
TOP = pathlib.Path(__file__).resolve().parents[2]
LAYERS = TOP / "nn/src/test/resources/org/codanet/nn/golden"
NETS = TOP / "codanet/src/test/resources/org/codanet/golden"
TYPES = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}
DOUBLES = {"logits", "evidence", "identity_error", "loss", "micro_loss", "grad_norm", "grad_norm_clipped",
           "schedule_simple_decay", "schedule_imagenet_warmup", "schedule_imagenet_list"}


def case(name, what, size, units, rank, kernel, stride, padding, norm, bias=True, scale=1.0, zero=None):
    images, channels, height, width = size
    return dict(name=name, what=what, size=(images, channels, height, width), scale=scale, zero=zero,
                config=dict(in_channels=channels, out_channels=units, rank=rank, kernel=kernel, stride=stride,
                            padding=padding, norm=norm, bias=bias))


CASES = [
    case("sq_01", "plain 3x3", (2, 4, 5, 7), 3, 4, 3, 1, 1, "SQ"),
    case("sq_02", "one of everything", (1, 1, 3, 4), 1, 1, 1, 1, 0, "SQ"),
    case("sq_03", "stride 2 with a remainder, 17 units", (3, 3, 8, 9), 17, 5, 3, 2, 1, "SQ"),
    case("sq_04", "5x5 stride 3 padding 2, no bias", (1, 5, 13, 10), 4, 7, 5, 3, 2, "SQ", bias=False),
    case("sq_05", "rank above the patch length, padding above half the kernel", (2, 2, 4, 3), 3, 21, 3, 1, 2, "SQ"),
    case("sq_06", "zero patches and a zero image, no bias", (3, 2, 8, 7), 5, 4, 3, 2, 0, "SQ", bias=False, zero="blocks"),
    case("sq_07", "zero patches with a bias", (2, 3, 7, 6), 3, 3, 3, 1, 1, "SQ", zero="blocks"),
    case("sq_08", "large inputs (times 2e4), 1x1 kernel", (2, 9, 5, 5), 4, 6, 1, 1, 0, "SQ", scale=2e4),
    case("sq_09", "small inputs (times 1e-4), no bias", (1, 6, 6, 5), 7, 3, 3, 1, 0, "SQ", bias=False, scale=1e-4),
    case("l2_01", "plain 3x3", (2, 4, 5, 7), 3, 4, 3, 1, 1, "L2"),
    case("l2_02", "two channels, one unit, 1x1 kernel", (1, 2, 4, 3), 1, 2, 1, 1, 0, "L2"),
    case("l2_03", "stride 2 with a remainder, 9 units, no bias", (2, 5, 7, 8), 9, 8, 3, 2, 1, "L2", bias=False),
    case("l2_04", "zero patches, rank above the patch length, no bias", (2, 2, 8, 9), 4, 20, 3, 2, 0, "L2", bias=False,
         zero="blocks"),
    case("l2_05", "small inputs (times 1e-4), no bias", (1, 6, 6, 5), 3, 9, 3, 1, 1, "L2", bias=False, scale=1e-4),
    case("wb_01", "plain 3x3", (2, 4, 5, 7), 3, 4, 3, 1, 1, "WB", bias=False),
    case("wb_02", "two channels, one unit, rank 1, 1x1 kernel", (1, 2, 4, 3), 1, 1, 1, 1, 0, "WB", bias=False),
    case("wb_03", "stride 2 with a remainder, 9 units", (2, 5, 7, 8), 9, 6, 3, 2, 1, "WB", bias=False),
    case("wb_04", "zero patches, rank above the patch length", (2, 2, 8, 9), 4, 20, 3, 2, 0, "WB", bias=False, zero="blocks"),
    case("wb_05", "large inputs (times 2e4), 5x5 stride 3", (1, 3, 11, 10), 4, 5, 5, 3, 2, "WB", bias=False, scale=2e4),
]


def net_config(out, ranks, kernels, strides, paddings, temperature, loss, norm="SQ", bias=-2.197224577336219, channels=6):
    return dict(in_channels=channels, out_channels=out, ranks=ranks, kernels=kernels, strides=strides, paddings=paddings,
                norm=norm, logit_bias=bias, temperature=temperature, num_classes=out[-1], add_inverse=True, loss=loss)


NET_CASES = [
    ("small_bce", "3 layers, BCE", (2, 3, 9, 8), net_config([4, 5, 7], [3, 6, 4], [3, 3, 1], [1, 2, 1], [1, 1, 0], 2.0, "BCE")),
    ("small_ce", "3 layers, CE", (3, 3, 7, 10), net_config([5, 4, 6], [4, 5, 3], [3, 1, 3], [2, 1, 1], [1, 0, 0], 0.5, "CE",
                                                          bias=-1.25)),
    ("small_grey", "grey images, BCE", (2, 1, 8, 7), net_config([3, 5, 10], [4, 4, 5], [3, 3, 1], [2, 1, 1], [1, 1, 0], 1.0,
                                                                "BCE", channels=2)),
    ("large_kernel", "first layer 7x7 stride 3, odd extents", (1, 3, 25, 20),
     net_config([6, 5, 4], [8, 4, 4], [7, 3, 3], [3, 2, 1], [3, 1, 1], 4.0, "CE")),
    ("deep", "9 layers as the CIFAR-10 net, narrow", (1, 3, 16, 16),
     net_config([4, 4, 5, 5, 5, 6, 6, 6, 10], [4, 4] + [6] * 7, [3] * 8 + [1], [1, 1, 2, 1, 1, 2, 1, 1, 1], [1] * 8 + [0],
                10.0, "BCE")),
]


def train_config(loss, accumulation, clipping, temperature):
    return dict(net_config([4, 5, 3], [4, 3, 5], [3, 3, 1], [1, 2, 1], [1, 1, 0], temperature, loss), optimizer="adam",
                lr=2.5e-4, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.0, batch_size=4, virtual_batch_size=8,
                gradient_clipping=clipping, accumulation=accumulation, optimiser_steps=6,
                schedule=dict(base_lr=2.5e-4, decay_factor=1.5, lr_steps=30, num_epochs=200, min_lr=-1))


TRAIN_CASES = [
    ("aligned", "BCE, a step after every second micro-batch", 12, train_config("BCE", "aligned", None, 1.0)),
    ("early", "CE, the first step one micro-batch early", 11, train_config("CE", "authors", None, 1.0)),
    ("clip", "BCE, gradients clipped to norm 1", 12, train_config("BCE", "aligned", 1.0, 0.02)),
]


def conv_weights(config, generator):
    """Weights from a larger range than PyTorch's default, so that the evidence does not vanish from layer to layer."""
    tensors, keys = {}, state_keys(config)
    for i, g in enumerate(layers(config)):
        shapes = ((g["rank"], g["in_channels"], g["kernel"], g["kernel"]),
                  (g.patch_length * g["out_channels"], g["rank"], 1, 1), (g.patch_length * g["out_channels"],))
        fans = (g.patch_length, g["rank"], g["rank"])
        for key, shape, fan in zip(keys[3 * i:3 * i + 3], shapes, fans):
            tensors[key] = (torch.rand(shape, generator=generator) * 2 - 1) * 2 * fan ** -0.5
    return tensors


def draw_layer(c, generator):
    images, channels, height, width = c["size"]
    g = Geometry(c["config"])
    x = torch.randn(c["size"], generator=generator) * c["scale"]
    if c["zero"]:
        x[0, :, :5, :4] = 0
        if images > 2:
            x[2] = 0
    a = (torch.rand((g["rank"], channels, g["kernel"], g["kernel"]), generator=generator) * 2 - 1) * g.patch_length ** -0.5
    b = (torch.rand((g.patch_length * g["out_channels"], g["rank"]), generator=generator) * 2 - 1) * g["rank"] ** -0.5
    tensors = dict(x=x, A=a, B=b)
    if g["bias"]:
        tensors["b"] = (torch.rand(len(b), generator=generator) * 2 - 1) * g["rank"] ** -0.5
    down = lambda n: (n + 2 * g["padding"] - g["kernel"]) // g["stride"] + 1
    tensors["grad_y"] = torch.randn((images, g["out_channels"], down(height), down(width)), generator=generator)
    return tensors


def draw_net(size, config, generator):
    return dict(images=torch.rand(size, generator=generator), **conv_weights(config, generator),
                targets=torch.randint(config["num_classes"], size[:1], generator=generator))


def draw_train(batches, config, generator):
    return dict(images=torch.rand((batches, config["batch_size"], 3, 6, 5), generator=generator),
                targets=torch.randint(config["num_classes"], (batches, config["batch_size"]), generator=generator),
                **conv_weights(config, generator))


def far(found, wanted):
    """The largest difference, relative to the largest expected value."""
    if found.shape != wanted.shape:
        raise ValueError(f"shapes differ: {tuple(found.shape)} and {tuple(wanted.shape)}")
    if not torch.isfinite(found).all():
        return float("inf")
    scale = wanted.abs().max().item() or 1.0
    return (found.double() - wanted.double()).abs().max().item() / scale


def well_conditioned(kind, config, draw, limit):
    """Draws until float32 arithmetic is within `limit` of float64: (inputs, results, the error of float32)."""
    for attempt in range(200):
        generator = torch.Generator().manual_seed(SEED + 1000 * attempt)
        tensors = draw(generator)
        wanted = RESULTS[kind](tensors, config)
        found = RESULTS[kind](tensors, config, torch.float32)
        error = max(far(found[k], v) for k, v in wanted.items() if k != "identity_error")
        if error < limit and all(torch.isfinite(v).all() for v in wanted.values()):
            return tensors, wanted, error
    raise RuntimeError(f"no draw is reproduced to {limit} by float32 for {config}")


def write(path, kind, config, tensors, error, what):
    meta = dict(kind=kind, config=json.dumps(config), case=what,
                source=f"bench/peers/make_golden.py, float64, seed {SEED}, torch {torch.__version__.split('+')[0]}",
                tolerance_note="1e-5 of each tensor's max-abs for float32, 1e-6 for float64 (results are stored as F32); "
                               f"plain float32 arithmetic reaches {error:.1e} on this case")
    if kind == "dau_layer":
        meta["zero_positions"] = str((tensors["y"] == 0).all(1).sum().item())
    else:
        meta["state_keys"] = json.dumps(state_keys(config))
    stored = {k: v.contiguous() if v.dtype == torch.int64 else v.to(torch.float64 if k in DOUBLES else torch.float32)
              for k, v in tensors.items()}
    header, data = {"__metadata__": meta}, b""
    for key in sorted(stored, key=lambda k: -stored[k].element_size()):     # wide elements first: every tensor is aligned
        raw = stored[key].contiguous().numpy().tobytes()
        name = next(n for n, t in TYPES.items() if t == stored[key].dtype)
        header[key] = dict(dtype=name, shape=list(stored[key].shape), data_offsets=[len(data), len(data) + len(raw)])
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{path.name}: {what}; {path.stat().st_size} bytes, float32 {error:.1e}", file=sys.stderr)


def read(path):
    raw = path.read_bytes()
    length, = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    meta = header.pop("__metadata__", {})
    tensors = {}
    for key, entry in header.items():
        start, end = entry["data_offsets"]
        if entry["dtype"] in TYPES:
            tensors[key] = torch.frombuffer(bytearray(data[start:end]), dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return meta, tensors


def make():
    for c in CASES:
        draw = lambda generator: draw_layer(c, generator)
        tensors, results, error = well_conditioned("dau_layer", c["config"], draw, 2e-6)
        write(LAYERS / f"dau_layer_{c['name']}.safetensors", "dau_layer", c["config"], {**tensors, **results}, error, c["what"])
    for name, what, size, config in NET_CASES:
        tensors, results, error = well_conditioned("net", config, lambda g: draw_net(size, config, g), 4e-6)
        write(NETS / f"net_{name}.safetensors", "net", config, {**tensors, **results}, error, what)
    for name, what, batches, config in TRAIN_CASES:
        tensors, results, error = well_conditioned("train", config, lambda g: draw_train(batches, config, g), 3e-6)
        write(NETS / f"train_{name}.safetensors", "train", config, {**tensors, **results}, error, what)


def check(folders):
    worst, files = 0.0, 0
    for path in sorted(p for folder in folders for p in pathlib.Path(folder).glob("*.safetensors")):
        meta, tensors = read(path)
        if meta.get("kind") not in RESULTS:
            continue
        files += 1
        results = RESULTS[meta["kind"]](tensors, json.loads(meta["config"]))
        given = set(tensors) - set(results)
        errors = {k: far(v, tensors[k]) for k, v in results.items() if k != "identity_error"}
        key = max(errors, key=errors.get)
        worst = max(worst, errors[key])
        print(f"{path.name}: {errors[key]:.1e} ({key}); inputs {' '.join(sorted(k for k in given if '.' not in k))}")
    print(f"{files} files, worst {worst:.1e}")
    if not files or worst > 1e-6:
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", nargs="+", metavar="DIR", help="recompute the files of these folders instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if arguments.check:
        check(arguments.check)
        return
    for folder in (LAYERS, NETS):
        folder.mkdir(parents=True, exist_ok=True)
    make()


if __name__ == "__main__":
    main()
