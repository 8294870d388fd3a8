"""The rectifier: ``y = max(x, 0)``.

`training.dead_units` counts the units that it silences.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch


class Relu(Layer):
    """Compute ``y = max(x, 0)``; the slope at 0 is taken as 0."""

    kind: ClassVar[str] = "relu"

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return ``max(x, 0)``."""
        y = scratch.cache["y"] = x if self.in_place else scratch.buffer("y", x.shape)
        # Against an array of zeros NumPy's maximum is vectorized, against the number 0 it is not: 3 µs, not 19.
        return np.maximum(x, scratch.constant(0, x.shape), out=y)

    def activity(self, scratch: Scratch, rows: int) -> Array:
        """Return the sum of each unit's or channel's outputs over the leading `rows` of the last forward."""
        y = scratch.cache["y"][..., :rows]
        if y.ndim > 2:
            y = y.sum(axis=(1, 2))
        total: Array = np.matmul(y, scratch.constant(1, (y.shape[1],)))
        return total

    def pattern(self, scratch: Scratch) -> Array:
        """Return where the output is above 0."""
        active: Array = scratch.cache["y"] > 0
        return active

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return the gradient where ``y`` is above 0, else 0; written over `gradient`."""
        mask = scratch.buffer("mask", gradient.shape, bool)
        np.greater(scratch.cache["y"][..., : gradient.shape[-1]], 0, out=mask)
        return np.multiply(gradient, mask, out=gradient)
