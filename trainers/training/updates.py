"""One update of all parameters: L2, the optimizers' steps, and how large the steps were against the parameters.

Everything is a few operations on the network's flat vectors. Called by `full_batch` and `minibatches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.network import Network
from trainers.optimizers import Optimizer
from trainers.schedules import Schedule


@dataclass(frozen=True, eq=False)
class Group:
    """Parameters that share an optimizer and a learning rate: a slice of the flat vectors."""

    place: slice
    optimizer: Optimizer
    schedule: Schedule


class Updates:
    """Applies gradients to a network's parameters.

    Parameters
    ----------
    network : whose gradients have been written by ``backward``
    l2 : strength of ``0.5 * l2 * sum(W^2)``, over weights only
    groups : which together cover all parameters; the first one's rate is the one reported
    """

    def __init__(self, network: Network, l2: float, groups: Sequence[Group]) -> None:
        self.l2, self.groups = l2, tuple(groups)
        self._flat, self._gradient = network.flat, network.flat_gradient
        self._weights = network.flat[network.sections["weights"]]
        self._weights_gradient = network.flat_gradient[network.sections["weights"]]
        self._decay = np.empty_like(self._weights)
        self._delta = np.empty_like(self._flat)
        self._sizes = np.empty((2, self._flat.size), self._flat.dtype)
        self._starts = np.array([place.start for place in network.places.values()], dtype=np.intp)
        self._names = [f"update_ratio/{name.replace('.', '/')}" for name in network.places]
        self._total, self._steps = np.zeros(len(self._names)), 0

    def apply(self, epoch: int) -> None:
        """Take one step with the rates of `epoch`, counted from 0."""
        if self.l2:
            np.multiply(self._weights, self.l2, out=self._decay)
            np.add(self._weights_gradient, self._decay, out=self._weights_gradient)
        for group in self.groups:
            rate = group.schedule.rate(epoch)
            group.optimizer.step(self._gradient[group.place], rate, self._delta[group.place])
        np.abs(self._delta, out=self._sizes[0])
        np.abs(self._flat, out=self._sizes[1])
        np.add(self._flat, self._delta, out=self._flat)
        moved, before = np.add.reduceat(self._sizes, self._starts, axis=1)
        self._total += _ratio(moved, before)
        self._steps += 1

    def ratios(self) -> Metrics:
        """Return ``sum|delta| / sum|p|`` of each parameter array, the mean over the steps since the last call.

        ``p`` are the parameters before the step; where they were all 0, as biases are at first, those after it.
        """
        mean = (self._total / self._steps).tolist()
        self._total[:], self._steps = 0, 0
        return dict(zip(self._names, mean, strict=True))

    def l2_loss(self) -> float:
        """Return ``0.5 * l2 * sum(W^2)``."""
        return 0.5 * self.l2 * float(self._weights @ self._weights)

    def rate(self, epoch: int) -> float:
        """Return the learning rate of `epoch`, counted from 0."""
        return self.groups[0].schedule.rate(epoch)


def _ratio(moved: Array, before: Array) -> Array:
    # From 0 a step leads to its own size: the ratio to what is there after it is 1, or 0 where nothing moved.
    if before.all():
        ratio: Array = moved / before
        return ratio
    return np.where(before == 0, np.sign(moved), moved / np.where(before == 0, 1, before))
