"""Gradient descent with classical momentum.

`nesterov` looks ahead with the same velocity.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array
from trainers.optimizers.optimizer import Optimizer


class Momentum(Optimizer):
    """Keep a velocity: ``v' = mu v - rate g``; ``delta = v'`` (Polyak 1964)."""

    def step(self, gradient: Array, rate: float, delta: Array) -> None:
        """Write the new velocity into `delta`."""
        np.multiply(gradient, rate, out=gradient)
        self.velocity *= self.momentum
        self.velocity -= gradient
        np.copyto(delta, self.velocity)
