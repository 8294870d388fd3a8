"""The logistic function: ``y = 1 / (1 + exp(-x))``, stable for any finite input.

As an output it is part of the loss `binary_cross_entropy`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch


class Sigmoid(Layer):
    """Compute ``y = 1 / (1 + exp(-x))``; its slope is ``y (1 - y)``.

    Notes
    -----
    Computed as ``(1 + tanh(x / 2)) / 2``, which is the same and cannot overflow.
    """

    kind: ClassVar[str] = "sigmoid"

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return the logistic function of `x`."""
        y: Array = x if self.in_place else scratch.buffer("y", x.shape)
        scratch.cache["y"] = np.multiply(x, 0.5, out=y)
        np.tanh(y, out=y)
        y += 1
        y *= 0.5
        return y

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return ``g y (1 - y)``, written over `gradient`."""
        y: Array = scratch.cache["y"][..., : gradient.shape[-1]]
        slope: Array = np.subtract(1, y, out=scratch.buffer("slope", gradient.shape))
        slope *= y
        return np.multiply(gradient, slope, out=gradient)
