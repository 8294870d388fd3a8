"""Initializers whose spread follows the size of the layer, so that signals neither fade nor grow with depth.

`fixed` has those that do not follow it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trainers.arrays import Shape
from trainers.weights.initializer import Initializer, fan_in, fan_out


class Scaled(Initializer):
    """Normal weights; subclasses say with which standard deviation."""

    def deviation(self, shape: Shape) -> float:
        """Return the standard deviation for weights of `shape`."""
        raise NotImplementedError

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return normal weights with mean 0."""
        return rng.standard_normal(shape) * self.deviation(shape)


class He(Scaled):
    """``sqrt(2 / fan_in)``, made for ReLU (He et al. 2015)."""

    def deviation(self, shape: Shape) -> float:
        """Return ``sqrt(2 / fan_in)``."""
        return math.sqrt(2 / fan_in(shape))


class HalfHe(Scaled):
    """``0.5 sqrt(2 / fan_in)``, as in articles A."""

    def deviation(self, shape: Shape) -> float:
        """Return ``0.5 sqrt(2 / fan_in)``."""
        return 0.5 * math.sqrt(2 / fan_in(shape))


class InverseSqrt(Scaled):
    """``1 / sqrt(fan_in)``, as in articles C."""

    def deviation(self, shape: Shape) -> float:
        """Return ``1 / sqrt(fan_in)``."""
        return 1 / math.sqrt(fan_in(shape))


class Xavier(Scaled):
    """``sqrt(2 / (fan_in + fan_out))``, made for tanh and sigmoid (Glorot and Bengio 2010)."""

    def deviation(self, shape: Shape) -> float:
        """Return ``sqrt(2 / (fan_in + fan_out))``."""
        return math.sqrt(2 / (fan_in(shape) + fan_out(shape)))
