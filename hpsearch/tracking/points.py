"""Chooses which epochs of a curve MLflow shows: a bounded number, evenly spaced, the last one always.

A point costs MLflow about 0.1 ms and its pages draw a few hundred; the whole curve stands in a Parquet file beside
them. Used by `recorder`.
"""

from __future__ import annotations

import numpy as np

LIMIT = 100


def marked(epochs: int, limit: int = LIMIT) -> list[int]:
    """Return at most `limit` of the epochs 1 to `epochs`, evenly spaced, both ends among them."""
    if epochs <= limit:
        return list(range(1, epochs + 1))
    return sorted({int(epoch) for epoch in np.linspace(1, epochs, limit).round()})
