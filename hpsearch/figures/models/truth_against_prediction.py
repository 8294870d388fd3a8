"""The picture of how two classes are told apart: true and false positives and negatives, each marked its own way.

For two classes and two features; the accuracy, precision and recall of the same rows stand in its title. Its
neighbour `decision_boundary` shows any number of classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style
from hpsearch.figures.models import regions
from hpsearch.figures.models.regions import Predict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# (name, is positive, is predicted positive, marker, colour): right ones filled and calm, wrong ones crossed and hot.
OUTCOMES = (
    ("true positive", True, True, "o", style.PALETTE[0]),
    ("true negative", False, False, "s", style.PALETTE[4]),
    ("false positive", False, True, "X", style.PALETTE[5]),
    ("false negative", True, False, "P", style.PALETTE[3]),
)


@dataclass(frozen=True)
class Quality:
    """How good the predictions of one class are; NaN where nothing was there to be counted."""

    accuracy: float
    precision: float
    recall: float


def truth_against_prediction(
    X: NDArray[Any],
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    classes: Sequence[Any],
    feature_names: Sequence[str],
    *,
    predict: Predict | None = None,
    title: str = "Truth against prediction",
) -> Figure:
    """Draw each row where its features are, marked by its true and its predicted class.

    Parameters
    ----------
    X : (rows, 2) raw features
    y_true, y_pred : (rows,) labels
    classes : the two labels; the second one is the positive class
    feature_names : names of the two features
    predict : from ``(rows, 2) float64`` to labels; where given, its regions are drawn below

    Raises
    ------
    ValueError
        There are not two classes and two features.
    """
    if len(classes) != 2 or X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"needs two classes and two features, got {len(classes)} classes and X of shape {X.shape}")
    true, positive = (labels.codes(y, classes) == 1 for y in (y_true, y_pred))
    measured = quality(true, positive)
    figures = f"accuracy {measured.accuracy:.3f}, precision {measured.precision:.3f}, recall {measured.recall:.3f}"
    name = style.plain(labels.text(classes[1]))
    figure, (ax,) = style.panels(f"{title}\n{figures}; positive: {name}; {regions.drawn_of(len(X))}")
    style.dress(ax, style.plain(feature_names[0]), style.plain(feature_names[1]))
    if predict is not None:
        ax.grid(False)
        regions.draw_regions(ax, predict, X, classes, palette=(style.FAINT, style.PALETTE[0]))
    drawn_rows = regions.selection(len(X))
    for label, is_true, is_positive, marker, colour in OUTCOMES:
        some = (true == is_true) & (positive == is_positive)
        points = X[drawn_rows][some[drawn_rows]]
        options: dict[str, Any] = {"s": 40 if is_true == is_positive else 75, "edgecolors": "white", "linewidths": 0.5}
        ax.scatter(*points.T, marker=marker, color=colour, label=f"{label} ({some.sum():,})", zorder=3, **options)
    style.legend_below(figure, ax)
    return figure


def quality(true: NDArray[np.bool_], positive: NDArray[np.bool_]) -> Quality:
    """Compare which rows are of the positive class with which were predicted to be, both ``(rows,) bool``."""
    hits = int((true & positive).sum())
    return Quality(
        accuracy=float((true == positive).mean()) if len(true) else float("nan"),
        precision=hits / positive.sum() if positive.any() else float("nan"),
        recall=hits / true.sum() if true.any() else float("nan"),
    )
