"""Early stopping: training ends when it has not become better for a while, and the best epoch's weights are kept.

Used by `gradient_trainer` around the epochs of any mode.
"""

from __future__ import annotations

import math

from trainers.arrays import Metrics
from trainers.network import Network
from trainers.settings import check_choice

# Which way each metric becomes better.
MONITORED = {"val_loss": -1, "val_accuracy": 1, "val_rmse": -1, "val_r2": 1}


class Best:
    """The best epoch so far and its weights.

    Parameters
    ----------
    network : whose weights are copied whenever an epoch is the best so far
    monitor : one of `MONITORED`; of equal epochs the first is the best
    """

    def __init__(self, network: Network, monitor: str) -> None:
        self.network, self.monitor = network, monitor
        self.epoch, self._value = 0, -math.inf
        self._arrays = network.arrays()

    def see(self, epoch: int, metrics: Metrics) -> int:
        """Look at an epoch, counted from 1, and return how many have passed since the best.

        Raises
        ------
        ValueError
            If there is no such metric, as accuracy in a regression.
        """
        if epoch == 1:
            check_choice("monitor", self.monitor, MONITORED.keys() & metrics.keys())
        value = MONITORED[self.monitor] * metrics[self.monitor]
        if value > self._value or epoch == 1:
            self.epoch, self._arrays = epoch, self.network.arrays()
            self._value = value if math.isfinite(value) else -math.inf
        return epoch - self.epoch

    def take_back(self) -> None:
        """Give the network the best epoch's weights."""
        self.network.load(self._arrays)
