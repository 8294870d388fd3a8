"""The gallery of a searched choice, such as the size of the hidden layer: one decision boundary for each value.

Takes any models through their `predict`; `sweep` supplies one model a value, `regions` does the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style
from hpsearch.figures.models import regions
from hpsearch.figures.models.regions import Predict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MODELS = 12
GRID = 130  # coarser than a single picture's: twelve small panels are asked as much as two large ones


def hidden_gallery(
    models: Sequence[tuple[str, Predict]],
    X: NDArray[Any],
    y: NDArray[Any],
    classes: Sequence[Any],
    feature_names: Sequence[str],
    *,
    choice: str = "",
    title: str = "Decision boundary of each choice",
) -> Figure | None:
    """Draw one small decision boundary a model, with its accuracy on the validation rows, which it shows.

    Parameters
    ----------
    models : (value's label, predict) pairs; of more than 12 the first 12 are drawn
    X : (rows, 2) raw features
    y : (rows,) true labels
    classes : labels in the order of their colours
    feature_names : names of the two features
    choice : name of what was searched

    Returns
    -------
    Figure, or None where there are no models
    """
    first_models = list(models)[:MOST_MODELS]
    if not first_models:
        return None
    codes = labels.codes(y, classes)
    rest = f"; the first {len(first_models)} of {len(models)}" if len(first_models) < len(models) else ""
    across, up = (style.plain(name) for name in feature_names)
    named, rows = style.plain(choice) or "the choice", f"{len(X):,} validation rows"
    panel = f"one panel a value of {named}, with its accuracy on {rows}{rest}"
    heading = f"{title}\n{panel}; across {across}, up {up}"
    figure, axes = style.panels(heading, len(first_models), _columns(len(first_models)))
    for ax, (label, predict) in zip(axes, first_models, strict=True):
        right = float(np.mean(labels.codes(predict(X.astype(np.float64)), classes) == codes))
        style.dress(ax, "", "", f"{style.plain(label)}: {right:.3f}")
        ax.grid(False)
        regions.draw_regions(ax, predict, X, classes, grid=GRID)
        regions.draw_rows(ax, X, codes, classes, size=10)
    style.legend_below(figure, axes[0])
    return figure


def _columns(count: int) -> int:
    return {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 9: 3}.get(count, 4)
