"""The share of units that are silent for every training row, of each layer with ReLU: such units learn nothing more.

Counted in the forward pass that measures an epoch, by `full_batch` and `minibatches`.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.layers import Relu
from trainers.network import Network, Workspace
from trainers.parameters import numbered


class DeadUnits:
    """Counts over one or more forward passes.

    Parameters
    ----------
    network : whose passes are counted; `see` follows each of them
    workspace : of those passes
    """

    def __init__(self, network: Network, workspace: Workspace) -> None:
        pairs = zip(numbered(network.layers), workspace, strict=True)
        self._layers = [(f"dead_units/layer{n}", one, own) for (n, one), own in pairs if type(one) is Relu]
        self._sums: list[Array] = []

    def see(self, trained: int) -> None:
        """Note what was active in the leading `trained` rows of the last forward pass."""
        if trained > 0:
            fresh = [layer.activity(scratch, trained) for _, layer, scratch in self._layers]
            self._sums = list(map(np.add, self._sums, fresh)) if self._sums else fresh

    def shares(self) -> Metrics:
        """Return the share of dead units of each layer, and begin anew."""
        pairs = zip(self._layers, self._sums, strict=True)
        shares = {name: 1 - int(np.count_nonzero(total)) / total.size for (name, *_), total in pairs}
        self._sums = []
        return shares
