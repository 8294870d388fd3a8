"""IDX files, plain and gzip: real MNIST files where they are, and declared sizes that are not believed."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import load, prepare
from hpsearch.data.readers.idx import read_array
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec

MNIST = Path(__file__).parents[4] / ".." / "shared" / "data" / "mnist"


def idx(array: np.ndarray, kind: int = 0x08) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def spec(folder: Path, images: bytes, labels: bytes) -> DataSpec:
    (folder / "images.idx").write_bytes(images)
    (folder / "labels.idx").write_bytes(labels)
    return DataSpec(path="images.idx", labels="labels.idx")


IMAGES = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3)
LABELS = np.array([5, 3, 5, 3, 5, 3], dtype=np.uint8)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_images_are_scaled_and_flattened(tmp_path, pack):
    data = load(spec(tmp_path, pack(idx(IMAGES)), pack(idx(LABELS))), tmp_path)
    assert np.array_equal(data.X, IMAGES.reshape(6, 6) / 255)
    assert data.image_shape == (2, 3) and data.classes == (3, 5) and data.features[4] == "pixel_1_1"


@pytest.mark.parametrize(("kind", "dtype"), [(0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_other_types_are_read_and_not_scaled(tmp_path, kind, dtype):
    images = (IMAGES.astype(float) - 3).astype(dtype)
    data = load(spec(tmp_path, idx(images, kind), idx(LABELS)), tmp_path)
    assert np.array_equal(data.X, IMAGES.reshape(6, 6).astype(float) - 3)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (b"\x89PNG....", idx(LABELS), "of no format that is understood; choose from: rows.csv"),
        (b"", idx(LABELS), "of no format that is understood"),
        (gzip.compress(b"hello", mtime=0), idx(LABELS), "of no format that is understood"),
        (idx(IMAGES)[:-1], idx(LABELS), "declares shape .* 36 bytes of values, but holds 35"),
        (idx(IMAGES) + b"x", idx(LABELS), "but holds more"),
        (idx(IMAGES)[:9], idx(LABELS), "ends within its header"),
        (gzip.compress(idx(IMAGES), mtime=0)[:-12], idx(LABELS), "cannot be read as IDX"),
        (idx(IMAGES), idx(LABELS[:4]), "one label an image is needed, got 4 for 6 images"),
        (idx(IMAGES), idx(IMAGES), "labels must have 1 dimension, got 3"),
        (idx(LABELS), idx(LABELS), "images must have 3 dimensions"),
        (idx(IMAGES), b"\0\0\x07\x01", "an IDX file must begin with one of 000008NN"),
        (idx(IMAGES), b"\0", "an IDX file must begin with"),
    ],
)
def test_a_faulty_file_gets_one_message(tmp_path, images, labels, message):
    with pytest.raises(DataError, match=message):
        load(spec(tmp_path, images, labels), tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_terabyte_declared_in_a_small_file_is_refused_before_it_is_allocated(tmp_path, pack):
    (tmp_path / "huge").write_bytes(pack(struct.pack(">BBBB3I", 0, 0, 8, 3, 1_000_000, 1000, 1000) + b"\0" * 1000))
    with pytest.raises(DataError, match=r"1,000,000,000,000 bytes of values, but holds far fewer"):
        read_array(tmp_path / "huge")


def test_images_without_labels_file_are_refused(tmp_path):
    (tmp_path / "images.idx").write_bytes(idx(IMAGES))
    with pytest.raises(DataError, match=r"data\.labels: an IDX images file needs the labels file"):
        load(DataSpec(path="images.idx"), tmp_path)


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"the MNIST files are not at {MNIST}")
def test_the_real_mnist_files_are_read():
    files = DataSpec(path="t10k-images-idx3-ubyte.gz", labels="t10k-labels-idx1-ubyte.gz", transform="none")
    data = load(files, MNIST)
    assert data.X.shape == (10_000, 784) and data.X.min() == 0 and data.X.max() == 1
    assert data.y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert data.classes == tuple(range(10)) and data.image_shape == (28, 28)
    assert prepare(files, MNIST).summary == {"train": 5000, "validation": 2500, "test": 2500}
