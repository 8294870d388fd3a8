"""What every initializer of weights is; biases and betas start at 0 and gammas at 1 whichever is chosen.

`Network.initialize` draws with it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from trainers.arrays import Shape


class Initializer(ABC):
    """Draws the weights of one layer."""

    @abstractmethod
    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return weights of `shape`, whose first axis is the outputs'."""


def fan_in(shape: Shape) -> int:
    """Return how many inputs one output sees: all axes but the first."""
    return math.prod(shape[1:])


def fan_out(shape: Shape) -> int:
    """Return how many outputs one input reaches: the first axis, and a kernel's places."""
    return shape[0] * math.prod(shape[2:])
