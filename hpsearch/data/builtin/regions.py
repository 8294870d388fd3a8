"""The data sets `diamond` and `square` of articles D: is a point inside a region around the origin?

Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Raw


def diamond(rows: int = 500, seed: int = 0) -> Raw:
    """Return points uniform on [-1, 1]^2; class 1 where |x| + |y| < 1.

    Parameters
    ----------
    rows : number of points
    seed : of the points
    """
    X = _points(rows, seed)
    return Raw(X, (np.abs(X).sum(axis=1) < 1).astype(np.int64), ("x", "y"))


def square(rows: int = 500, seed: int = 0) -> Raw:
    """Return points uniform on [-1, 1]^2; class 1 where max(|x|, |y|) < 0.5.

    Parameters
    ----------
    rows : number of points
    seed : of the points
    """
    X = _points(rows, seed)
    return Raw(X, (np.abs(X).max(axis=1) < 0.5).astype(np.int64), ("x", "y"))


def _points(rows: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(-1, 1, size=(rows, 2))
