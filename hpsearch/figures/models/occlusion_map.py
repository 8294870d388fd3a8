"""The picture of which part of an image a model looks at: how much covering each place lowers the class's probability.

Occlusion sensitivity after Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014).
Asks any model through its `predict_proba`; `registry` feeds it with one test image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style
from hpsearch.figures.inputs import PredictProba

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PATCH_SHARE = 0.2  # side of the cover, in shares of the image's shorter side
MOST_PLACES = 32  # along each side; larger images are covered in wider steps


def occlusion_map(
    predict_proba: PredictProba,
    image: NDArray[Any],
    shape: tuple[int, int],
    label: Any,
    *,
    code: int,
    title: str = "Occlusion sensitivity",
) -> Figure:
    """Draw an image, and how far the probability of one class falls where a grey square covers it.

    Parameters
    ----------
    predict_proba : from ``(rows, height * width) float64`` raw images to ``(rows, classes) float64``
    image : (height * width,) one raw image
    shape : (height, width)
    label, code : name of the class, and its column among the probabilities
    """
    before = float(predict_proba(np.asarray(image, dtype=np.float64)[np.newaxis])[0, code])
    fall = before - occluded(predict_proba, image, shape, code)
    name = style.plain(label)
    figure, (left, right) = style.panels(f"{title}\nclass {name}, probability {before:.3f} uncovered", 2, 2)
    left.imshow(np.reshape(image, shape), cmap=style.ACTIVATION)
    style.bare(left, "image")
    strongest = max(float(np.abs(fall).max()), 1e-6)
    extent = (-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5)
    look: dict[str, Any] = {"cmap": style.SIGNED, "vmin": -strongest, "vmax": strongest, "extent": extent}
    heat = right.imshow(fall, interpolation="bilinear", **look)
    _outline(right, np.reshape(image, shape))
    style.bare(right, "red: the class needs what is here; blue: it is better off without")
    figure.colorbar(heat, ax=[left, right], shrink=0.7, location="bottom", label=f"fall of the probability of {name}")
    return figure


def _outline(ax: Axes, picture: NDArray[Any]) -> None:
    """Draw where the image is brighter than the middle of its range, so that the map can be read."""
    low, high = float(picture.min()), float(picture.max())
    if low < high and min(picture.shape) > 1:
        ax.contour(picture, levels=[(low + high) / 2], colors=style.INK, linewidths=1.2)


def occluded(
    predict_proba: PredictProba, image: NDArray[Any], shape: tuple[int, int], code: int
) -> NDArray[np.float64]:
    """Return the probability of class `code` with a square of the image's mean around each place.

    Returns
    -------
    (rows of places, columns of places) float64, at most 32 x 32, spread evenly over the image
    """
    picture = np.asarray(image, dtype=np.float64).reshape(shape)
    half = max(1, round(PATCH_SHARE * min(shape) / 2))
    places = [np.unique(np.linspace(0, side - 1, min(side, MOST_PLACES)).round().astype(int)) for side in shape]
    covered = np.repeat(picture[np.newaxis], len(places[0]) * len(places[1]), axis=0)
    for number, (row, column) in enumerate((r, c) for r in places[0] for c in places[1]):
        area = (slice(max(0, row - half), row + half + 1), slice(max(0, column - half), column + half + 1))
        covered[number][area] = picture.mean()
    probabilities = predict_proba(covered.reshape(len(covered), -1))[:, code]
    return np.asarray(probabilities, dtype=np.float64).reshape(len(places[0]), len(places[1]))
