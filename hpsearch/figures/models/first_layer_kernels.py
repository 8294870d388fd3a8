"""The picture of what a convolutional network looks for: the kernels of its first layer.

Finds them by their four axes among a model's arrays, whatever they are called; `registry` feeds it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_KERNELS = 64


def first_layer_kernels(
    arrays: Mapping[str, NDArray[Any]], *, title: str = "Kernels of the first layer"
) -> Figure | None:
    """Draw every kernel of the first convolution; of several channels their mean.

    Parameters
    ----------
    arrays : a model's arrays by name; the first of four axes, in the natural order of the names, is taken,
        ``(kernels, channels, height, width)``

    Returns
    -------
    Figure, or None where no array has four axes; of more than 64 kernels the first 64 are drawn
    """
    names = sorted((name for name, array in arrays.items() if array.ndim == 4 and array.size), key=_natural)
    if not names:
        return None
    kernels = np.asarray(arrays[names[0]], dtype=np.float64)
    pictures = kernels.mean(axis=1)[:MOST_KERNELS]
    size = "x".join(map(str, kernels.shape[2:]))
    number = f"the first {len(pictures)} of {len(kernels)}" if len(pictures) < len(kernels) else f"{len(kernels)}"
    channels = f", mean of {kernels.shape[1]} channels" if kernels.shape[1] > 1 else ""
    columns = math.ceil(math.sqrt(len(pictures) * 1.5))
    figure, axes = style.panels(
        f"{title}\n{number} kernels of {size} ({style.plain(names[0])}){channels}", len(pictures), columns
    )
    strongest = float(np.abs(pictures[np.isfinite(pictures)]).max(initial=0)) or 1.0
    for place, (ax, picture) in enumerate(zip(axes, pictures, strict=True)):
        image = ax.imshow(picture, cmap=style.SIGNED, vmin=-strongest, vmax=strongest)
        style.bare(ax, str(place + 1))
    figure.colorbar(image, ax=axes, shrink=0.7, label="weight")
    return figure


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which layer2 comes before layer10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
