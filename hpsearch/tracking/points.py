"""What MLflow shows of a curve: a bounded number of its epochs, evenly spaced, the last one always.

A point costs MLflow about 0.1 ms and its pages draw a few hundred; the whole curve stands in a Parquet file beside
them. Used by `recorder` and `trial_runs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from hpsearch.tracking.interface import Point
from hpsearch.trial import Curve

LIMIT = 100


def marked(epochs: int, limit: int = LIMIT) -> list[int]:
    """Return at most `limit` of the epochs 1 to `epochs`, evenly spaced, both ends among them."""
    if epochs <= limit:
        return list(range(1, epochs + 1))
    return sorted({int(epoch) for epoch in np.linspace(1, epochs, limit).round()})


def curve_points(curve: Curve, started_ms: int, epochs: Iterable[int]) -> list[Point]:
    """Return every metric at those of `epochs` that the curve has."""
    return [
        point
        for epoch in epochs
        if epoch <= curve.epochs
        for point in epoch_points(dict(zip(curve.names, curve.values[epoch - 1], strict=True)), started_ms, epoch)
    ]


def epoch_points(metrics: Mapping[str, float], started_ms: int, epoch: int) -> list[Point]:
    """Stamp metrics with the trial's beginning plus the epoch, so that writing them twice stores them once."""
    return [(name, float(value), started_ms + epoch, epoch) for name, value in metrics.items()]
