"""Draws what a model answers on a plane of two features: its regions, their borders, and rows on top.

Shared by the three pictures of two features: `decision_boundary`, `truth_against_prediction`, `hidden_gallery`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Predict = Callable[[NDArray[np.float64]], NDArray[Any]]

GRID = 220  # points along each feature
MARGIN = 0.06  # of the rows' extent, on every side
PALE = 0.72  # how far the regions' colours are moved to white
MOST_POINTS = 3000


def draw_regions(
    ax: Axes,
    predict: Predict,
    X: NDArray[Any],
    classes: Sequence[Any],
    *,
    grid: int = GRID,
    palette: Sequence[str] | None = None,
) -> None:
    """Colour the plane around the rows by the class predicted there.

    Parameters
    ----------
    predict : from ``(rows, 2) float64`` raw features to ``(rows,)`` labels
    X : (rows, 2) raw features; their extent is what is drawn
    classes : labels in the order of their colours
    grid : points along each feature
    palette : one colour a class, by default those of `draw_rows`
    """
    (left, right), (bottom, top) = extent(X)
    x, y = np.meshgrid(np.linspace(left, right, grid), np.linspace(bottom, top, grid))
    codes_there = labels.codes(predict(np.column_stack([x.ravel(), y.ravel()])), classes).reshape(grid, grid)
    # The last colour, white, is where the model answers with none of the classes (code -1).
    pale = np.vstack([PALE + (1 - PALE) * style.colours(len(classes), palette or style.PALETTE), np.ones(3)])
    ax.imshow(
        pale[codes_there], extent=(left, right, bottom, top), origin="lower", aspect="auto", interpolation="bilinear"
    )
    for code in np.unique(codes_there)[1:]:
        ax.contour(x, y, _smooth(codes_there == code), levels=[0.5], colors="#666666", linewidths=0.8)


def _smooth(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of five by five points around each, so that borders are drawn without steps."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(mask.astype(np.float64), 2, mode="edge"), (5, 5))
    return np.asarray(around.mean(axis=(2, 3)))


def draw_rows(ax: Axes, X: NDArray[Any], codes: NDArray[np.int64], classes: Sequence[Any], size: float = 26) -> None:
    """Draw rows as points, one colour and marker a class; of very many rows an even selection."""
    drawn_rows = selection(len(X))
    palette = style.colours(len(classes))
    for code, label in enumerate(classes):
        some = X[drawn_rows][codes[drawn_rows] == code]
        options: dict[str, Any] = {"s": size, "edgecolors": "white", "linewidths": 0.5, "zorder": 3}
        marker = style.MARKERS[code % len(style.MARKERS)]
        name = style.plain(labels.text(label))
        ax.scatter(some[:, 0], some[:, 1], color=palette[code], marker=marker, label=name, **options)


def extent(X: NDArray[Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lowest and highest value of both features, with a margin; never an empty interval."""
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    margin = np.where(high > low, MARGIN * (high - low), 0.5 * np.maximum(1.0, np.abs(low)))
    return (low[0] - margin[0], high[0] + margin[0]), (low[1] - margin[1], high[1] + margin[1])


def selection(rows: int) -> NDArray[np.int64]:
    """Return the places of the rows that are drawn: all, or `MOST_POINTS` spread evenly."""
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_POINTS)).astype(np.int64))


def drawn_of(rows: int) -> str:
    """Return ``400 rows`` or, of very many, ``3,000 of 100,000 rows``."""
    return f"{rows:,} rows" if rows <= MOST_POINTS else f"{MOST_POINTS:,} of {rows:,} rows"
