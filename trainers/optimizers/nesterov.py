"""Nesterov's momentum in the form of articles A, where the parameters are those looked ahead to.

`momentum` is the classical form.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array
from trainers.optimizers.optimizer import Optimizer


class Nesterov(Optimizer):
    """Keep a velocity: ``v' = mu v - rate g``; ``delta = v' + mu (v' - v)``."""

    def step(self, gradient: Array, rate: float, delta: Array) -> None:
        """Write ``(1 + mu) v' - mu v`` into `delta`."""
        velocity = self.velocity
        velocity *= self.momentum
        np.negative(velocity, out=delta)
        np.multiply(gradient, rate, out=gradient)
        velocity -= gradient
        np.multiply(velocity, 1 + self.momentum, out=gradient)
        delta += gradient
