"""Reads an npz archive with arrays `X` and `y`; `hpsearch.data.archive` keeps it free of pickles and false sizes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hpsearch.data.archive import read_arrays
from hpsearch.data.dataset import Raw
from hpsearch.errors import DataError


def read(path: Path) -> Raw:
    """Read `X`, (rows, features) or (rows, height, width), and `y`, (rows,).

    Raises
    ------
    DataError
        The archive is damaged, holds objects, lacks `X` or `y`, or their shapes are others.
    """
    try:
        arrays = read_arrays(path, limit_bytes=sys.maxsize)
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: {error}") from error
    if not {"X", "y"} <= set(arrays):
        raise DataError(f"{path}: arrays 'X' and 'y' are needed, got {', '.join(sorted(arrays)) or 'none'}")
    return _raw(path, arrays["X"], arrays["y"])


def _raw(path: Path, X: NDArray[Any], y: NDArray[Any]) -> Raw:
    if X.ndim not in (2, 3):
        raise DataError(f"{path}: X must be (rows, features) or (rows, height, width), got shape {X.shape}")
    if y.ndim != 1 or len(y) != len(X):
        raise DataError(f"{path}: y must have one entry a row of X, shape ({len(X)},), got shape {y.shape}")
    image_shape = (X.shape[1], X.shape[2]) if X.ndim == 3 else None
    columns = X.size // len(X) if len(X) else 0
    names = tuple(f"x{i + 1}" for i in range(columns))
    return Raw(X.reshape(len(X), columns), y, names, image_shape)
