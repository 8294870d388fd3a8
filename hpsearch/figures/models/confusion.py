"""The picture of which class is taken for which: counts, coloured by the share of each true class.

Takes labels only, no model; `registry` feeds it with the test rows, scored once for the winner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NUMBERED = 30  # with more classes the counts no longer fit into their cells
MOST_TICKS = 40


def confusion(
    y_true: NDArray[Any], y_pred: NDArray[Any], classes: Sequence[Any], *, title: str = "Confusion matrix"
) -> Figure:
    """Draw the confusion matrix.

    Parameters
    ----------
    y_true, y_pred : (rows,) labels
    classes : labels in the order of rows and columns

    Returns
    -------
    Figure; up to 30 classes every cell shows its count
    """
    counts = count(labels.codes(y_true, classes), labels.codes(y_pred, classes), len(classes))
    rows = int(counts.sum())
    accuracy = f"accuracy {np.trace(counts) / rows:.3f} on {rows:,} rows" if rows else "no rows"
    figure, (ax,) = style.panels(f"{title}\n{accuracy}")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=ax, shrink=0.85)
    bar.set_label("share of the true class", fontsize=10)
    bar.ax.tick_params(labelsize=9)
    style.dress(ax, "predicted class", "true class")
    ax.grid(False)
    _name(ax, classes)
    if len(classes) <= MOST_NUMBERED:
        _number(ax, counts, shares)
    return figure


def count(true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Count the rows of every pair of codes, ``(classes, classes) int64``; rows with a code below 0 are left out."""
    known = (true >= 0) & (predicted >= 0)
    pairs = true[known] * classes + predicted[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def _name(ax: Axes, classes: Sequence[Any]) -> None:
    places = range(0, len(classes), -(-len(classes) // MOST_TICKS))
    names = [style.plain(labels.text(classes[place]), 18) for place in places]
    size = 9 if len(names) <= 20 else 7
    wide = len(names) > 12 or max(map(len, names)) > 60 // len(names)
    ax.set_xticks(places, names, rotation=90 if wide else 0, fontsize=size)
    ax.set_yticks(places, names, fontsize=size)


def _number(ax: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    size = max(6, min(12, 130 // len(counts)))
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[row, column] > 0.55 else style.INK
        ax.text(column, row, f"{counts[row, column]}", fontsize=size, color=colour, ha="center", va="center")
