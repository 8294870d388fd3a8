"""How well predictions fit the truth: scikit-learn's figures, overall and for every class.

`sweep.score` uses it for the winner, on the test rows and on the validation rows; MLflow gets the overall figures as
metrics and the table of the classes as a file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassFigures:
    """One class: its label, its rows, and what was found of them."""

    label: Any
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Figures:
    """Figures by name, such as ``accuracy`` or ``r2``, and one entry a class (none for regression)."""

    overall: dict[str, float]
    classes: tuple[ClassFigures, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values, the classes as a list of objects."""
        return {**self.overall, "classes": [asdict(one) for one in self.classes]}


def classification(
    truth: NDArray[Any],
    predicted: NDArray[Any],
    classes: Sequence[Any],
    probabilities: NDArray[np.float64] | None = None,
) -> Figures:
    """Compare class codes; a class that was never predicted, or has no row, counts as 0 in a macro mean.

    Parameters
    ----------
    truth, predicted : (rows,) codes
    classes : labels in the order of their codes
    probabilities : (rows, classes); without them there is no log loss
    """
    from sklearn.metrics import precision_recall_fscore_support

    codes = np.arange(len(classes))
    parts = precision_recall_fscore_support(truth, predicted, labels=codes, average=None, zero_division=0)
    precision, recall, f1, rows = (np.asarray(part) for part in parts)
    overall = {
        "accuracy": float(np.mean(truth == predicted)),
        "precision_macro": float(precision.mean()),
        "recall_macro": float(recall.mean()),
        "f1_macro": float(f1.mean()),
    }
    if probabilities is not None:
        overall["log_loss"] = log_loss(truth, probabilities)
    each = zip(classes, rows.tolist(), precision.tolist(), recall.tolist(), f1.tolist(), strict=True)
    return Figures(overall, tuple(ClassFigures(*one) for one in each))


def log_loss(truth: NDArray[Any], probabilities: NDArray[np.float64]) -> float:
    """Return the mean of -log p of the true class, with scikit-learn's floor for probabilities of 0."""
    from sklearn.metrics import log_loss as sklearn_log_loss

    sums = probabilities.sum(axis=1, keepdims=True)
    shares = probabilities / np.where(sums > 0, sums, 1)  # float32 networks leave sums of 1 ± 1e-7
    return float(sklearn_log_loss(truth, shares, labels=np.arange(probabilities.shape[1])))


def regression(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> Figures:
    """Compare targets: R² (0 where all true targets are equal) and the root of the mean squared error."""
    residual = float(np.sum((truth - predicted) ** 2))
    total = float(np.sum((truth - truth.mean()) ** 2))
    return Figures({"r2": 1 - residual / total if total > 0 else 0.0, "rmse": math.sqrt(residual / len(truth))})
