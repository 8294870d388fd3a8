"""Plain gradient descent.

`momentum` and `nesterov` add a velocity to it.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array
from trainers.optimizers.optimizer import Optimizer


class Sgd(Optimizer):
    """Step against the gradient: ``delta = -rate g``."""

    def step(self, gradient: Array, rate: float, delta: Array) -> None:
        """Write ``-rate g`` into `delta`."""
        np.multiply(gradient, -rate, out=delta)
