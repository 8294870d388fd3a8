"""What all trainers of NumPy networks share: settings of the training, and the way from rows to a model.

Subclasses (`mlp`, `batchnorm`) say which network; `trainers.training` does the epochs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainers import model as models
from trainers.arrays import DTYPES, Array, Metrics
from trainers.layers import Layer
from trainers.losses import Loss, SoftmaxCrossEntropy
from trainers.model import NetworkModel
from trainers.network import Network
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import SCHEDULES
from trainers.settings import check_choice, check_fraction, check_not_negative, check_positive, check_whole, setting
from trainers.training import Group, Rows, Updates, full_batch, lay_out, minibatches
from trainers.weights import parse


@dataclass(frozen=True, kw_only=True)
class GradientTrainer(ABC):
    """Settings that every network has; the training itself is the same for all of them."""

    learning_rate: float = setting(0.1, "step size of the optimizer")
    l2: float = setting(1e-4, "strength of 0.5 * l2 * sum(W^2), over weights only")
    momentum: float = setting(0.9, "how much of the velocity stays at each step")
    optimizer: str = setting("nesterov", f"one of {', '.join(OPTIMIZERS)}")
    schedule: str = setting("exponential", f"of the learning rate, one of {', '.join(SCHEDULES)}")
    decay: float = setting(1.0, "exponential: rate * decay^epoch; inverse_time: rate / (1 + decay * epoch)")
    epochs: int = setting(500, "passes over the training rows")
    batch_size: int | None = setting(None, "rows an update; none takes all training rows at once")
    weights: str = setting("he", "how initial weights are drawn, such as he or normal(0.01)")
    dtype: str = setting("float32", f"one of {', '.join(DTYPES)}")
    seed: int = setting(0, "of the initial weights and of the order of minibatches")

    def __post_init__(self) -> None:
        """Check every setting.

        Raises
        ------
        ValueError
            Naming the setting, the rule and the value.
        """
        check_positive("learning_rate", self.learning_rate)
        check_not_negative("l2", self.l2)
        check_fraction("momentum", self.momentum)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_not_negative("decay", self.decay)
        check_whole("epochs", self.epochs)
        if self.batch_size is not None:
            check_whole("batch_size", self.batch_size)
        parse(self.weights)
        check_choice("dtype", self.dtype, DTYPES)
        check_whole("seed", self.seed, least=0)

    @abstractmethod
    def layers(self, outputs: int) -> list[Layer]:
        """Return new layers of a network with so many outputs."""

    def network(self, features: int, classes: int, dtype: str | None = None) -> Network:
        """Return a new network with initial weights.

        Parameters
        ----------
        features : number of columns of the rows
        classes : number of classes, 0 for regression
        dtype : another one than the setting's, such as float64 for a gradient check
        """
        network = Network(self.layers(self.loss(classes).outputs(classes)), (features,), dtype or self.dtype)
        network.initialize(parse(self.weights), np.random.default_rng(self.seed))
        return network

    def loss(self, classes: int) -> Loss:
        """Return the loss for so many classes."""
        return SoftmaxCrossEntropy()

    def train(
        self, X: Array, y: Array, X_validation: Array, y_validation: Array, *, classes: int
    ) -> Generator[Metrics, None, NetworkModel]:
        """Yield metrics after every epoch and return the model.

        Parameters
        ----------
        X, X_validation : (rows, features)
        y, y_validation : (rows,) codes from 0 to ``classes - 1``, or targets when ``classes`` is 0
        classes : number of classes, 0 for regression

        Raises
        ------
        ValueError
            If the arrays do not fit together.
        """
        network, loss = self.network(X.shape[1], classes), self.loss(classes)
        rows = lay_out((X, y, X_validation, y_validation), loss, classes, network.dtype)
        yield from self._epochs(network, loss, rows)
        return NetworkModel(network, loss, classes, self.epochs, rows.center, rows.scale)

    def _epochs(self, network: Network, loss: Loss, rows: Rows) -> Iterator[Metrics]:
        updates = Updates(network, self.l2, self.groups(network))
        if self.batch_size is None:
            return full_batch(network, loss, rows, updates, self.epochs)
        rng = np.random.default_rng([self.seed, 1])
        return minibatches(network, loss, rows, updates, self.epochs, self.batch_size, rng)

    def groups(self, network: Network) -> list[Group]:
        """Return which parameters share an optimizer and a rate: here all of them."""
        return [self.group(network, slice(0, network.flat.size))]

    def group(self, network: Network, place: slice) -> Group:
        """Return the group of the parameters at `place`, with the settings' optimizer and schedule."""
        size = place.stop - place.start
        optimizer = OPTIMIZERS[self.optimizer](size, network.dtype, self.momentum)
        return Group(place, optimizer, SCHEDULES[self.schedule](self.learning_rate, self.decay, self.epochs))

    @staticmethod
    def restore(config: dict[str, Any], arrays: dict[str, Array]) -> NetworkModel:
        """Rebuild a model from what its ``state`` returned.

        Raises
        ------
        ValueError
            If the configuration is not one, or an array does not fit it.
        """
        return models.restore(config, arrays)
