"""Dropout: in training some activations are silenced at random, in prediction none (Srivastava et al. 2014)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch
from trainers.settings import check_fraction


class Dropout(Layer):
    """Compute ``y = x * mask / (1 - rate)``, where the mask is 0 with probability `rate`.

    Parameters
    ----------
    rate : share of the inputs that is silenced in training; the rest is scaled up so that the mean stays
    """

    kind: ClassVar[str] = "dropout"

    def __init__(self, rate: float) -> None:
        super().__init__()
        check_fraction("dropout", rate)
        self.rate = float(rate)

    def config(self) -> dict[str, Any]:
        """Return kind and rate."""
        return {"kind": self.kind, "rate": self.rate}

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return `x` with some entries silenced, or `x` itself where there is no noise."""
        scratch.cache["mask"] = None
        if noise is None or not self.rate:
            return x
        active = noise.random(x.shape, dtype=np.float32) >= self.rate
        mask: Array = active * self.dtype.type(1 / (1 - self.rate))
        scratch.cache["mask"] = mask
        return np.multiply(x, mask, out=scratch.buffer("y", x.shape))

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return the gradient where nothing was silenced, scaled like the output; written over `gradient`."""
        mask: Array | None = scratch.cache["mask"]
        if mask is None:
            return gradient
        return np.multiply(gradient, mask[..., : gradient.shape[-1]], out=gradient)
