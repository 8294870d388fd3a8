"""Initializers with a spread of their own, whatever the size of the layer.

`scaled` has those that follow it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainers.arrays import Shape
from trainers.settings import check_not_negative
from trainers.weights.initializer import Initializer


class Normal(Initializer):
    """Normal weights with mean 0.

    Parameters
    ----------
    std : their standard deviation
    """

    def __init__(self, std: float) -> None:
        check_not_negative("weights: normal(std)", std)
        self.std = std

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return normal weights."""
        return rng.standard_normal(shape) * self.std


class Uniform(Initializer):
    """Weights uniform on an interval.

    Parameters
    ----------
    low, high : its ends
    """

    def __init__(self, low: float, high: float) -> None:
        if not low <= high:
            raise ValueError(f"weights: uniform(low, high): low must be at most high, got low={low}, high={high}")
        self.low, self.high = low, high

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return uniform weights."""
        return rng.uniform(self.low, self.high, shape)
