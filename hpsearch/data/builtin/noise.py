"""The data set `random` of articles A: nothing to learn, for gradient checks and for timing.

Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

import numpy as np

from hpsearch.data.dataset import Raw


def random(rows: int = 200, features: int = 2, classes: int = 4, seed: int = 0) -> Raw:
    """Return normally distributed features with labels that have nothing to do with them.

    Parameters
    ----------
    rows, features, classes : how many of each; labels are drawn uniformly
    seed : of features and labels
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    return Raw(X, rng.integers(classes, size=rows), tuple(f"x{i + 1}" for i in range(features)))
