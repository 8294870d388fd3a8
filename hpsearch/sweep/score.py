"""Scores the test rows, once, for the winner, in a step of its own.

The only place that asks `data` for the held-out rows. The figure stands in the study beside the trial it belongs to,
so a resumed sweep with the same winner does not look again; how often was looked is recorded.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.model.predictor import Predictor

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Score:
    """What the winner reached on the test rows; `looks` counts how many winners were ever scored on them.

    For classes `value` is the accuracy with its Wilson interval, for regression R² without one.
    """

    number: int
    digest: str
    metric: str
    value: float
    rows: int
    low: float | None = None
    high: float | None = None
    looks: int = 1
    more: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what the study stores."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Score:
        """Read what the study stored."""
        return cls(**content)


def wilson(correct: int, rows: int) -> tuple[float, float]:
    """Return the 95% interval of a proportion (Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212)."""
    p, z2 = correct / rows, _Z95**2
    centre = (p + z2 / (2 * rows)) / (1 + z2 / rows)
    half = _Z95 / (1 + z2 / rows) * math.sqrt(p * (1 - p) / rows + z2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def score(number: int, digest: str, predictor: Predictor, rows: Rows, looks: int) -> tuple[Score, NDArray[Any]]:
    """Predict the held-out rows from their raw features; return the figure and the predictions.

    Parameters
    ----------
    rows : raw features; ``y`` holds codes or targets
    looks : how many winners were scored on these rows before
    """
    predicted = predictor.predict(rows.X)
    classes = predictor.classes
    if not classes:
        residual = float(np.sum((rows.y - predicted) ** 2))
        total = float(np.sum((rows.y - rows.y.mean()) ** 2))
        r2 = 1 - residual / total if total > 0 else 0.0
        more = {"test_rmse": math.sqrt(residual / len(rows.y))}
        return Score(number, digest, "test_r2", r2, len(rows.y), looks=looks + 1, more=more), predicted
    truth = np.array([classes[code] for code in rows.y], dtype=predicted.dtype)
    correct = int(np.sum(truth == predicted))
    low, high = wilson(correct, len(rows.y))
    return Score(number, digest, "test_accuracy", correct / len(rows.y), len(rows.y), low, high, looks + 1), predicted
