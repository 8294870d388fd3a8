"""The activation that changes nothing: ``y = x``.

One of the `ACTIVATIONS`, for architectures that name each.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch


class Linear(Layer):
    """Compute ``y = x``, so that an architecture can name it like any other activation."""

    kind: ClassVar[str] = "linear"

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return `x` itself."""
        return x

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return `gradient` itself."""
        return gradient
