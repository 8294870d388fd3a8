"""Epochs in which the training rows come in shuffled batches, each with an update of its own.

At the end of an epoch training and validation rows are measured as the model would predict them: with batch
normalization's stored statistics, without dropout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.losses import Loss
from trainers.network import Network, Workspace
from trainers.training.dead_units import DeadUnits
from trainers.training.measure import measure_with
from trainers.training.rows import Rows
from trainers.training.updates import Updates

Augmentation = Callable[[Array, np.random.Generator], Array]


def minibatches(
    network: Network,
    loss: Loss,
    rows: Rows,
    updates: Updates,
    epochs: int,
    size: int,
    rng: np.random.Generator,
    augmentation: Augmentation | None = None,
) -> Iterator[Metrics]:
    """Train and yield each epoch's metrics, which describe the parameters after its last update.

    Parameters
    ----------
    network : initialized; holds the trained parameters afterwards
    loss : to be minimized, with the L2 of `updates`
    rows : from `trainers.training.rows.lay_out`
    updates : over the network's parameters
    epochs : how many
    size : rows a batch
    rng : where the order of the rows is drawn from, dropout, and what `augmentation` draws
    augmentation : varies the rows of each batch, ``(rows, features)``
    """
    passes = _Passes(network, network.workspace(), loss, rows)
    measure, dead = measure_with(loss, rows), DeadUnits(network, passes.workspace)
    whole = len(batches(np.arange(rows.trained), size)) == 1
    if whole:
        network.measure_exactly()
    for epoch in range(epochs):
        with np.errstate(all="ignore"):
            for batch in batches(rng.permutation(rows.trained), size):
                passes.learn(batch, rng, augmentation)
                updates.apply(epoch)
            if whole and network.statistics:  # of the parameters after the step, as full-batch training measures them
                network.scores(rows.X[: rows.trained].T, passes.workspace, rows.trained)
            metrics = measure(passes.scores(dead)) | {"l2_loss": updates.l2_loss()}
            metrics["learning_rate"] = updates.rate(epoch)
            metrics |= updates.ratios() | dead.shares()
        yield metrics


def batches(order: Array, size: int) -> list[Array]:
    """Cut `order` into batches of `size`.

    The last may be smaller, but one row left over joins the batch before: alone it has no variance to normalize with.
    """
    cuts = list(range(size, len(order), size))
    if cuts and size > 1 and len(order) - cuts[-1] == 1:
        cuts.pop()
    return np.split(order, cuts)


@dataclass(frozen=True, eq=False)
class _Passes:
    """The passes of one training run: over a batch to learn from it, over all rows to measure them."""

    network: Network
    workspace: Workspace
    loss: Loss
    rows: Rows

    def learn(self, batch: Array, rng: np.random.Generator, augmentation: Augmentation | None) -> None:
        """Write the gradients of the rows whose numbers are in `batch`."""
        X = self.rows.X[batch] if augmentation is None else augmentation(self.rows.X[batch], rng)
        scores = self.network.scores(X.T, self.workspace, len(batch), rng)
        self.loss.forward(scores, self.rows.targets[:, batch])
        weights = self.rows.weights[batch]
        shares = weights / (weights.sum() or 1)  # all are 0 where only weightless classes met
        self.network.backward(self.loss.backward(shares), self.workspace)

    def scores(self, dead: DeadUnits) -> Array:
        """Return the scores of all rows as the model predicts them, ``(outputs, rows)``."""
        X, network = self.rows.X, self.network
        scores = np.empty((*network.output_shape, len(X)), network.dtype)
        for start in range(0, len(X), network.chunk_rows):
            part = slice(start, start + network.chunk_rows)
            scores[:, part] = network.scores(X[part].T, self.workspace)
            dead.see(self.rows.trained - start)
        return scores
