"""From images to vectors, so that a dense layer can follow a convolution.

Used by the trainer `cnn`.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch


class Flatten(Layer):
    """Reshape ``(channels, height, width, rows)`` to ``(features, rows)``; nothing is copied."""

    kind: ClassVar[str] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the number of all inputs, ``(features,)``."""
        return (math.prod(input_shape),)

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return `x` as ``(features, rows)``."""
        scratch.cache["shape"] = x.shape[:-1]
        return x.reshape(-1, x.shape[-1])

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return `gradient` in the inputs' shape."""
        return gradient.reshape(*scratch.cache["shape"], gradient.shape[-1])
