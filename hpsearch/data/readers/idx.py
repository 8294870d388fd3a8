"""Reads IDX files, the format of MNIST: images and, in a file of their own, labels; plain or gzip.

A file begins with two zero bytes, a type, the number of dimensions and the size of each, big-endian; then come the
values (http://yann.lecun.com/exdb/mnist, "THE IDX FILE FORMAT"). Declared sizes are compared with the file's own
before anything of that size is allocated.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.archive import MAX_RATIO, read_exactly
from hpsearch.data.dataset import Raw
from hpsearch.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

_GZIP = b"\x1f\x8b"


def is_idx(path: Path) -> bool:
    """Return whether the file begins like an IDX file, unpacked if it is a gzip; False if it cannot be read."""
    try:
        with _open(path) as stream:
            start = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and start[3] > 0


def read(images: Path, labels: Path) -> Raw:
    """Read images and labels.

    Images are flattened to one row each; bytes are scaled from 0..255 to [0, 1], other types are kept as they are.

    Raises
    ------
    DataError
        A file is damaged or of another format, the dimensions are others, or the numbers of rows differ.
    """
    pixels, codes = read_array(images), read_array(labels)
    if pixels.ndim not in (2, 3):
        raise DataError(f"{images}: images must have 3 dimensions (or rows 2), got {pixels.ndim}: {pixels.shape}")
    if codes.ndim != 1:
        raise DataError(f"{labels}: labels must have 1 dimension, got {codes.ndim}: {codes.shape}")
    if len(codes) != len(pixels):
        raise DataError(f"{labels}: one label an image is needed, got {len(codes)} for {len(pixels)} images")
    image_shape = (pixels.shape[1], pixels.shape[2]) if pixels.ndim == 3 else None
    X = pixels.reshape(len(pixels), math.prod(pixels.shape[1:])).astype(np.float64)
    if pixels.dtype == np.uint8:
        X /= 255
    return Raw(X, codes.astype(codes.dtype.newbyteorder("=")), _names(X.shape[1], image_shape), image_shape)


def read_array(path: Path) -> NDArray[Any]:
    """Read one IDX file as the array that it holds.

    Raises
    ------
    DataError
        The file is not IDX, or holds more or fewer values than it declares.
    """
    try:
        with _open(path) as stream:
            dtype, shape = _header(stream, path)
            size = math.prod(shape) * dtype.itemsize
            most = path.stat().st_size * MAX_RATIO
            content = read_exactly(stream, size + 1) if size <= most else b""
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as IDX ({error})") from error
    if len(content) != size:
        there = "more" if len(content) > size else f"{len(content):,}" if content else "far fewer"
        raise DataError(f"{path}: declares shape {shape}, {size:,} bytes of values, but holds {there}")
    return np.frombuffer(content, dtype).reshape(shape)


def _header(stream: BinaryIO, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        known = ", ".join(f"0000{kind:02x}NN" for kind in TYPES)
        raise DataError(
            f"{path}: an IDX file must begin with one of {known} (NN dimensions), got {magic.hex() or 'nothing'}"
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path}: declares {magic[3]} dimensions, but ends within its header")
    return np.dtype(TYPES[magic[2]]), tuple(int(n) for n in np.frombuffer(sizes, ">u4"))


def _open(path: Path) -> BinaryIO:
    stream = path.open("rb")
    packed = stream.read(2) == _GZIP
    stream.seek(0)
    if not packed:
        return stream
    stream.close()
    return cast(BinaryIO, gzip.open(path, "rb"))


def _names(columns: int, image_shape: tuple[int, int] | None) -> tuple[str, ...]:
    if image_shape is None:
        return tuple(f"x{i + 1}" for i in range(columns))
    return tuple(f"pixel_{i}_{j}" for i in range(image_shape[0]) for j in range(image_shape[1]))
