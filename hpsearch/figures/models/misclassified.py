"""The gallery of wrongly classified images: the surest mistakes first, with the probabilities the model gave.

Takes images and labels, no model; `registry` feeds it with the test rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_IMAGES = 24
COLUMNS = 6


def misclassified(
    images: NDArray[Any],
    shape: tuple[int, int],
    truth: NDArray[Any],
    predicted: NDArray[Any],
    probabilities: NDArray[np.float64],
    *,
    classes: Sequence[Any],
    title: str = "Wrongly classified images",
) -> Figure | None:
    """Draw the images that were taken for something else, with both classes and their probabilities.

    Parameters
    ----------
    images : (rows, height * width) raw images
    shape : (height, width)
    truth, predicted : (rows,) labels
    probabilities : (rows, classes) float64
    classes : labels in the order of the probabilities' columns

    Returns
    -------
    Figure, or None where every image is classified rightly; of more than 24 mistakes the 24 surest are drawn
    """
    true, taken = labels.codes(truth, classes), labels.codes(predicted, classes)
    wrong = np.flatnonzero((true != taken) & (true >= 0) & (taken >= 0))
    if not len(wrong):
        return None
    sure = probabilities[wrong, taken[wrong]]
    surest = wrong[np.argsort(-sure, kind="stable")][:MOST_IMAGES]
    number = f"{len(wrong):,} of {len(true):,} images are wrong" + (
        "" if len(surest) == len(wrong) else f"; the {MOST_IMAGES} surest"
    )
    heading = f"{title}\n{number}; each with its true and its predicted class and their probabilities"
    figure, axes = style.panels(heading, len(surest), min(COLUMNS, math.ceil(math.sqrt(len(surest) * 1.5))))
    for ax, row in zip(axes, surest, strict=True):
        ax.imshow(images[row].reshape(shape), cmap=style.ACTIVATION)
        style.bare(
            ax, "\n".join(_named(word, code, probabilities[row], classes) for word, code in _pair(true, taken, row))
        )
    return figure


def _pair(true: NDArray[np.int64], taken: NDArray[np.int64], row: int) -> list[tuple[str, int]]:
    return [("true", int(true[row])), ("taken for", int(taken[row]))]


def _named(word: str, code: int, probabilities: NDArray[np.float64], classes: Sequence[Any]) -> str:
    return f"{word} {style.plain(labels.text(classes[code]), 12)} ({probabilities[code]:.1%})"
