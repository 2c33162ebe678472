"""Writes the NumPy files that codanet's ArrayImagesTest reads.

    python make_arrays.py ../../codanet/src/test/resources/org/codanet/data/dataset/arrays

Made with Python 3.11 and numpy 2.4.6 (pip install -r requirements.txt).
"""
import pathlib
import sys

import numpy


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    labels = numpy.array([2, 0, 1])
    types = ["|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", ">i2", ">i4", ">i8", ">u2", ">u4", ">u8"]
    arrays = {"type%d" % number: labels.astype(name) for number, name in enumerate(types)}
    arrays["column"] = labels.reshape(3, 1)
    arrays["text"] = numpy.array(["cat", "dog", "cat"])
    arrays["floats"] = labels.astype("<f8")
    arrays["one_hot"] = numpy.eye(3, dtype="<i8")[labels]
    arrays["booleans"] = labels > 0
    arrays["negative"] = labels - 1
    arrays["huge"] = numpy.full(3, 2**64 - 1, dtype="<u8")
    numpy.savez(folder / "labels.npz", **arrays)

    # Keras: channels last, labels (N, 1) in uint8. Channel c of pixel (y, x) of image n is 100 n + 30 c + 5 y + x.
    n, y, x, c = numpy.ogrid[:2, :5, :4, :3]
    images = (100 * n + 30 * c + 5 * y + x).astype("uint8")
    numpy.savez_compressed(
        folder / "keras.npz",
        x_train=images, y_train=numpy.array([[1], [9]], "uint8"), x_test=images[1:], y_test=numpy.array([[3]], "uint8"))
    # MedMNIST: grey images without a channel axis, three parts.
    grey = (numpy.arange(2 * 3 * 4).reshape(2, 3, 4)).astype("uint8")
    numpy.savez(
        folder / "medmnist.npz",
        train_images=grey, train_labels=numpy.array([[0], [1]]), val_images=grey[:1], val_labels=numpy.array([[1]]),
        test_images=grey[1:], test_labels=numpy.array([[0]]))
    numpy.savez(folder / "unnamed.npz", grey, numpy.array([0, 1]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
