"""The share of units that are silent for every training row, of each layer with ReLU: such units learn nothing more.

Counted in the forward pass that measures an epoch, by `full_batch` and `minibatches`.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.layers import Relu
from trainers.network import Network
from trainers.parameters import numbered


class DeadUnits:
    """Counts over one or more forward passes.

    Parameters
    ----------
    network : whose passes are counted; `see` follows each of them
    """

    def __init__(self, network: Network) -> None:
        self._layers = [(f"dead_units/layer{n}", layer) for n, layer in numbered(network.layers) if type(layer) is Relu]
        self._sums: list[Array | float] = [0.0 for _ in self._layers]

    def see(self, trained: int) -> None:
        """Note what was active in the leading `trained` rows of the last forward pass."""
        if trained > 0:
            self._sums = [
                total + layer.activity(trained) for total, (_, layer) in zip(self._sums, self._layers, strict=True)
            ]

    def shares(self) -> Metrics:
        """Return the share of dead units of each layer, and begin anew."""
        found = {name: float(np.mean(total == 0)) for total, (name, _) in zip(self._sums, self._layers, strict=True)}
        self._sums = [0.0 for _ in self._layers]
        return found
