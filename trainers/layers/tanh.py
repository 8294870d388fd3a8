"""The hyperbolic tangent: ``y = tanh(x)``.

One of the `ACTIVATIONS`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch


class Tanh(Layer):
    """Compute ``y = tanh(x)``; its slope is ``1 - y^2``."""

    kind: ClassVar[str] = "tanh"

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return ``tanh(x)``."""
        y = scratch.cache["y"] = x if self.in_place else scratch.buffer("y", x.shape)
        return np.tanh(x, out=y)

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return ``g (1 - y^2)``, written over `gradient`."""
        slope = scratch.buffer("slope", gradient.shape)
        np.square(scratch.cache["y"][..., : gradient.shape[-1]], out=slope)
        np.subtract(1, slope, out=slope)
        return np.multiply(gradient, slope, out=gradient)
