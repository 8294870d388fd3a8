"""The data set `plane` of articles D: a linear relation with noise, to be found again by regression.

Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

import numpy as np

from hpsearch.data.dataset import Raw


def plane(rows: int = 100, noise: float = 0.5, seed: int = 0) -> Raw:
    """Return y = 1.5 + 2 x1 + 5 x2 with noise, for x1 and x2 uniform on [0, 10].

    Parameters
    ----------
    rows : number of points
    noise : standard deviation of what is added to y
    seed : of points and noise
    """
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 10, size=(rows, 2))
    y = 1.5 + 2 * X[:, 0] + 5 * X[:, 1] + rng.normal(0, noise, rows)
    return Raw(X, y, ("x1", "x2"), task="regression")
