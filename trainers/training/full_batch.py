"""Epochs in which all training rows are one batch: one forward pass, one backward pass, one update each.

The forward pass at the end of an epoch runs over training and validation rows at once; it measures the epoch, and its
training part is what the next epoch's backward pass starts from.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trainers.arrays import Metrics
from trainers.losses import Loss
from trainers.network import Network
from trainers.training.dead_units import DeadUnits
from trainers.training.measure import measure_with
from trainers.training.rows import Rows
from trainers.training.updates import Updates


def full_batch(network: Network, loss: Loss, rows: Rows, updates: Updates, epochs: int) -> Iterator[Metrics]:
    """Train and yield each epoch's metrics, which describe the parameters after its update.

    Parameters
    ----------
    network : initialized; holds the trained parameters afterwards
    loss : to be minimized, with the L2 of `updates`
    rows : from `trainers.training.rows.lay_out`
    updates : over the network's parameters
    epochs : how many
    """
    workspace = network.workspace()
    measure, dead = measure_with(loss, rows), DeadUnits(network, workspace)
    network.measure_exactly()
    with np.errstate(all="ignore"):
        loss.forward(network.scores(rows.x, workspace, rows.trained), rows.targets)
    for epoch in range(epochs):
        # Not around the yield: the caller's own floating-point settings would change with ours.
        with np.errstate(all="ignore"):
            network.backward(loss.backward(rows.weights), workspace)
            updates.apply(epoch)
            metrics = measure(network.scores(rows.x, workspace, rows.trained))
            metrics["l2_loss"] = updates.l2_loss()
            metrics["learning_rate"] = updates.rate(epoch)
            dead.see(rows.trained)
            metrics |= updates.ratios() | dead.shares()
        yield metrics
