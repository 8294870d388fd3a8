"""Scores the test rows, once, for the winner, in a step of its own.

The only place that asks `data` for the held-out rows. The figure stands in the study beside the trial it belongs to,
so a resumed sweep with the same winner does not look again; how often was looked is recorded.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import Prepared
from hpsearch.model.predictor import Predictor
from hpsearch.sweep.conclude.baseline import Baseline, FittedBaseline
from hpsearch.sweep.conclude.metrics import Figures, classification, regression

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Score:
    """What the winner reached on the test rows; `looks` counts how many winners were ever scored on them.

    For classes `value` is the accuracy with its Wilson interval, for regression R² without one. `more` holds the
    other figures under the names they have in MLflow, `classes` one object a class, `baseline` what a linear model
    reached on the same rows.
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
    classes: tuple[dict[str, Any], ...] = ()
    baseline: Baseline | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what the study stores."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Score:
        """Read what the study stored."""
        baseline = content.get("baseline")
        classes = tuple(content.get("classes", ()))
        return cls(**{**content, "classes": classes, "baseline": baseline and Baseline(**baseline)})


def wilson(correct: int, rows: int) -> tuple[float, float]:
    """Return the 95% interval of a proportion (Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212)."""
    p, z2 = correct / rows, _Z95**2
    centre = (p + z2 / (2 * rows)) / (1 + z2 / rows)
    half = _Z95 / (1 + z2 / rows) * math.sqrt(p * (1 - p) / rows + z2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def score(
    number: int,
    digest: str,
    predictor: Predictor,
    rows: Rows,
    looks: int,
    fitted: FittedBaseline | None = None,
) -> tuple[Score, NDArray[Any]]:
    """Predict the held-out rows from their raw features; return the figures and the predictions.

    Parameters
    ----------
    rows : raw features; ``y`` holds codes or targets
    looks : how many winners were scored on these rows before
    fitted : the baseline, scored in the same look
    """
    predicted = predictor.predict(rows.X)
    figures = figures_of(predictor, rows, predicted)
    name = "accuracy" if predictor.classes else "r2"
    value, low, high = figures.overall[name], None, None
    if predictor.classes:
        low, high = wilson(round(value * len(rows.y)), len(rows.y))
    more = {f"test_{key}": figure for key, figure in figures.overall.items() if key != name}
    baseline = None
    if fitted is not None:
        with suppress(Exception):  # a baseline that fails costs only itself
            baseline = fitted.scored(rows.X, rows.y)
    classes = tuple(asdict(one) for one in figures.classes)
    found = Score(number, digest, f"test_{name}", value, len(rows.y), low, high, looks + 1, more, classes, baseline)
    return found, predicted


def figures_of(predictor: Predictor, rows: Rows, predicted: NDArray[Any]) -> Figures:
    """Return the figures of predictions for raw rows; `predicted` holds labels or targets."""
    classes = predictor.classes
    if not classes:
        return regression(rows.y, predicted)
    codes = {label: code for code, label in enumerate(classes)}
    found = np.array([codes[label] for label in predicted.tolist()], dtype=np.int64)
    probabilities = None
    with suppress(Exception):  # a trainer without usable probabilities costs only the log loss
        probabilities = predictor.predict_proba(rows.X)
    return classification(rows.y, found, classes, probabilities)


def validation_figures(predictor: Predictor, data: Prepared) -> Figures:
    """Return the figures of the winner on the validation rows, which are transformed already."""
    X, y, classes = data.validation.X, data.validation.y, predictor.classes
    predicted = np.asarray(predictor.model.predict(X))
    if not classes:
        return regression(y, predicted.astype(np.float64))
    probabilities = None
    with suppress(Exception):
        probabilities = np.asarray(predictor.model.predict_proba(X), dtype=np.float64)
    return classification(y, predicted, classes, probabilities)
