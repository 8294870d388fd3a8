"""Adam: steps scaled by running averages of the gradient and of its square (Kingma and Ba 2015).

Its steps are applied by `training.updates`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trainers.arrays import Array
from trainers.optimizers.optimizer import Optimizer

_SQUARES_MEMORY, _EPSILON = 0.999, 1e-8


class Adam(Optimizer):
    """Compute ``delta = -rate m' / (sqrt(s') + 1e-8)`` with the averages m of g, and s of g^2, freed of their start.

    The setting momentum is the memory of m; that of s is 0.999.
    """

    def __init__(self, size: int, dtype: np.dtype[Any], momentum: float = 0.9) -> None:
        super().__init__(size, dtype, momentum)
        self._squares = np.zeros(size, dtype)
        self._steps = 0

    def step(self, gradient: Array, rate: float, delta: Array) -> None:
        """Write the step into `delta`."""
        self._steps += 1
        self._squares *= _SQUARES_MEMORY
        np.multiply(gradient, gradient, out=delta)
        delta *= 1 - _SQUARES_MEMORY
        self._squares += delta
        self.velocity *= self.momentum
        gradient *= 1 - self.momentum
        self.velocity += gradient
        np.divide(self._squares, 1 - _SQUARES_MEMORY**self._steps, out=delta)
        np.sqrt(delta, out=delta)
        delta += _EPSILON
        np.divide(self.velocity, delta, out=delta)
        delta *= -rate / (1 - self.momentum**self._steps)
