"""What every schedule is: the learning rate of each epoch, counted from 0.

`training.updates` asks for it before each step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod


class Schedule(ABC):
    """A learning rate that may change from epoch to epoch.

    Parameters
    ----------
    rate : learning rate to start from
    decay : how fast it falls; each schedule has its own formula
    epochs : how many there will be
    """

    def __init__(self, rate: float, decay: float, epochs: int) -> None:
        self.start, self.decay, self.epochs = float(rate), float(decay), int(epochs)

    @abstractmethod
    def rate(self, epoch: int) -> float:
        """Return the learning rate of `epoch`, counted from 0."""
