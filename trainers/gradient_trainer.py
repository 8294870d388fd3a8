"""What all trainers of NumPy networks share: settings of the training, and the way from rows to a model.

Subclasses (`mlp`, `batchnorm`, `cnn`, `logistic`, `linear`) say which network; `trainers.training` does the epochs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainers import model as models
from trainers.arrays import DTYPES, Array, Metrics, Shape
from trainers.early_stopping import MONITORED, Best
from trainers.layers import Dropout, Layer
from trainers.losses import Loss
from trainers.model import NetworkModel
from trainers.network import Network
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import SCHEDULES, WarmUp
from trainers.settings import check_choice, check_fraction, check_not_negative, check_positive, check_whole, setting
from trainers.training import Augmentation, Group, Rows, Updates, full_batch, lay_out, minibatches
from trainers.training.class_weights import check_class_weights
from trainers.weights import parse


@dataclass(frozen=True, kw_only=True)
class GradientTrainer(ABC):
    """Settings that every network has; the training itself is the same for all of them."""

    learning_rate: float = setting(0.1, "step size of the optimizer")
    l2: float = setting(1e-4, "strength of 0.5 * l2 * sum(W^2), over weights only")
    momentum: float = setting(0.9, "how much of the velocity stays at each step")
    optimizer: str = setting("nesterov", f"one of {', '.join(OPTIMIZERS)}")
    schedule: str = setting("exponential", f"of the learning rate, one of {', '.join(SCHEDULES)}")
    decay: float | None = setting(
        None, "exponential: rate * decay^epoch, none keeps it; inverse_time: rate / (1 + decay * epoch), needed there"
    )
    epochs: int = setting(500, "passes over the training rows")
    batch_size: int | None = setting(None, "rows an update; none takes all training rows at once")
    weights: str = setting("he", "how initial weights are drawn, such as he or normal(0.01)")
    dtype: str = setting("float32", f"one of {', '.join(DTYPES)}")
    warm_up: int = setting(0, "epochs in which the learning rate rises before the schedule begins")
    patience: int | None = setting(None, "end after so many epochs without a better one and keep the best; none: never")
    monitor: str = setting("val_loss", f"what patience looks at, one of {', '.join(MONITORED)}")
    class_weights: str | list[float] | None = field(
        default=None, metadata={"help": "balanced, or each class's weight in train_loss; val_loss weighs rows alike"}
    )
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
        if self.decay is not None:
            check_not_negative("decay", self.decay)
        elif self.schedule == "inverse_time":
            raise ValueError("decay: inverse_time needs one, such as 0.01, got None")
        check_whole("epochs", self.epochs)
        if self.batch_size is not None:
            check_whole("batch_size", self.batch_size)
        check_whole("warm_up", self.warm_up, least=0)
        if self.patience is not None:
            check_whole("patience", self.patience)
        check_choice("monitor", self.monitor, MONITORED)
        check_class_weights(self.class_weights)
        parse(self.weights)
        check_choice("dtype", self.dtype, DTYPES)
        check_whole("seed", self.seed, least=0)

    @abstractmethod
    def build(self, features: int, classes: int) -> list[Layer]:
        """Return new layers of a network for so many features and classes, the last one linear."""

    @abstractmethod
    def loss(self, classes: int) -> Loss:
        """Return a new loss for so many classes, 0 for regression.

        Raises
        ------
        ValueError
            If the trainer is not made for such a task.
        """

    def input_shape(self, features: int) -> Shape:
        """Return the shape of one row as the first layer sees it."""
        return (features,)

    def augmentation(self, features: int) -> Augmentation | None:
        """Return how training rows are varied in each minibatch, if at all."""
        return None

    def network(self, features: int, classes: int, dtype: str | None = None) -> Network:
        """Return a new network with initial weights.

        Parameters
        ----------
        features : number of columns of the rows
        classes : number of classes, 0 for regression
        dtype : another one than the setting's, such as float64 for a gradient check
        """
        network = Network(self.build(features, classes), self.input_shape(features), dtype or self.dtype)
        network.initialize(parse(self.weights), np.random.default_rng(self.seed))
        return network

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
        data = (X, y, X_validation, y_validation)
        rows = lay_out(data, loss, classes, network.dtype, self.class_weights)
        best, epoch = None if self.patience is None else Best(network, self.monitor), 0
        for epoch, metrics in enumerate(self.epochs_of(network, loss, rows), start=1):
            waited = best.see(epoch, metrics) if best else 0
            yield metrics
            if self.patience is not None and waited >= self.patience:
                break
        if best:
            best.take_back()
            epoch = best.epoch
        return NetworkModel(network, loss, classes, epoch, rows.center, rows.scale)

    def epochs_of(self, network: Network, loss: Loss, rows: Rows) -> Iterator[Metrics]:
        """Return the metrics of each epoch, trained as it is asked for."""
        updates, augmentation = Updates(network, self.l2, self.groups(network)), self.augmentation(rows.X.shape[1])
        plain = len(network.input_shape) == 1 and augmentation is None
        if self.batch_size is None and plain and not any(isinstance(layer, Dropout) for layer in network.layers):
            return full_batch(network, loss, rows, updates, self.epochs)
        rng, size = np.random.default_rng([self.seed, 1]), self.batch_size or rows.trained
        return minibatches(network, loss, rows, updates, self.epochs, size, rng, augmentation)

    def groups(self, network: Network) -> list[Group]:
        """Return which parameters share an optimizer and a rate: here all of them."""
        return [self.group(network, slice(0, network.flat.size))]

    def group(self, network: Network, place: slice) -> Group:
        """Return the group of the parameters at `place`, with the settings' optimizer and schedule."""
        size, decay = place.stop - place.start, 1.0 if self.decay is None else self.decay
        optimizer = OPTIMIZERS[self.optimizer](size, network.dtype, self.momentum)
        schedule = SCHEDULES[self.schedule](self.learning_rate, decay, max(1, self.epochs - self.warm_up))
        return Group(place, optimizer, WarmUp(schedule, self.warm_up) if self.warm_up else schedule)

    @staticmethod
    def restore(config: dict[str, Any], arrays: dict[str, Array]) -> NetworkModel:
        """Rebuild a model from what its ``state`` returned.

        Raises
        ------
        ValueError
            If the configuration is not one, or an array does not fit it.
        """
        return models.restore(config, arrays)
