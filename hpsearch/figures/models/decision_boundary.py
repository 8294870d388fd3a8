"""The picture of what a model answers everywhere: class regions over two raw features, with rows on top.

Asks any model through its `predict`; `regions` does the drawing, `registry` feeds it with the sweep's winner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from hpsearch.figures import labels, style
from hpsearch.figures.models import regions
from hpsearch.figures.models.regions import Predict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMED = 24  # with more classes than this a legend would cover the picture


def decision_boundary(
    predict: Predict,
    X: NDArray[Any],
    y: NDArray[Any],
    classes: Sequence[Any],
    feature_names: Sequence[str],
    *,
    title: str = "Decision boundary",
) -> Figure:
    """Draw the regions of the classes and the rows with their true class.

    Parameters
    ----------
    predict : from ``(rows, 2) float64`` raw features to ``(rows,)`` labels
    X : (rows, 2) raw features
    y : (rows,) true labels
    classes : labels in the order of their colours
    feature_names : names of the two features

    Raises
    ------
    ValueError
        The rows do not have two features.
    """
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X: a decision boundary needs two features, got shape {X.shape}")
    heading = f"{title}\nregions: predicted class; points: true class of {regions.drawn_of(len(X))}"
    figure, (ax,) = style.panels(heading)
    style.dress(ax, style.plain(feature_names[0]), style.plain(feature_names[1]))
    ax.grid(False)
    regions.draw_regions(ax, predict, X, classes)
    regions.draw_rows(ax, X, labels.codes(y, classes), classes)
    if len(classes) <= MOST_NAMED:
        style.legend(ax, title="class", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
