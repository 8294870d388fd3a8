"""The picture of what happens to one image inside a network: what the kernels of each layer make of it.

Asks the model through a function that names each layer's outputs; `registry` feeds it with one test image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Inside = Callable[[NDArray[np.float64]], Mapping[str, NDArray[Any]]]
MOST_LAYERS, MOST_CHANNELS = 6, 8


def activations(
    inside: Inside, image: NDArray[Any], shape: tuple[int, int], label: Any, *, title: str = "Inside the network"
) -> Figure | None:
    """Draw one row of small pictures a layer whose outputs are images, the input above them.

    Parameters
    ----------
    inside : from ``(1, height * width) float64`` raw images to each layer's outputs by name, in their order; those
        of shape ``(1, channels, height, width)`` are drawn
    image : (height * width,) one raw image
    shape : (height, width)
    label : name of its class

    Returns
    -------
    Figure, or None where no layer's outputs are images; of more than 6 layers the first 6, of more than 8 channels
    the first 8 are drawn
    """
    outputs = inside(np.asarray(image, dtype=np.float64)[np.newaxis])
    # What batch normalization puts out looks as before it.
    drawn = {name: maps for name, maps in outputs.items() if maps.ndim == 4 and not name.endswith("batch_norm")}
    layers = {name: np.asarray(maps[0]) for name, maps in drawn.items()}
    if not layers:
        return None
    first_layers = dict(list(layers.items())[:MOST_LAYERS])
    columns = max(min(len(maps), MOST_CHANNELS) for maps in first_layers.values())
    heading = f"{title}\nclass {style.plain(label)}; light is large, each picture on a scale of its own"
    figure, axes = style.panels(heading, columns * (len(first_layers) + 1), columns)
    for ax in axes:
        ax.set_axis_off()
    axes[0].imshow(np.reshape(image, shape), cmap=style.ACTIVATION)
    axes[0].set_title("image", fontsize=9, color=style.INK, loc="left")
    for row, (name, maps) in enumerate(first_layers.items(), start=1):
        for ax, channel in zip(axes[row * columns :], maps[:MOST_CHANNELS], strict=False):
            ax.imshow(channel, cmap=style.ACTIVATION)
        axes[row * columns].set_title(
            f"{style.plain(name)}, {_size_in_words(maps)}", fontsize=9, color=style.INK, loc="left"
        )
    return figure


def _size_in_words(maps: NDArray[Any]) -> str:
    """Say how many pictures a layer puts out, and how large they are."""
    return f"{len(maps)} of {maps.shape[1]}x{maps.shape[2]}"
