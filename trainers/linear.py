"""The trainer `linear`: linear regression by gradient descent, with the path of its parameters (articles D).

Its baseline counterpart for classes is `logistic`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.gradient_trainer import GradientTrainer
from trainers.layers import Dense, Layer
from trainers.losses import Loss, MeanSquaredError
from trainers.network import Network
from trainers.settings import setting
from trainers.training import Rows

_MOST_PARAMETERS = 20  # a path of more could not be told apart in a picture


@dataclass(frozen=True, kw_only=True)
class Linear(GradientTrainer):
    """One linear output and the squared error; with few features every epoch records ``parameter/<name>``.

    The parameters recorded are those for features and targets as they are given to it: targets in their own units,
    though it trains on standardized ones, and features as whoever calls has transformed them, if at all.
    """

    # Also for features as large as 10, as those of articles D are, where 0.05 diverges.
    learning_rate: float = setting(0.005, "step size of the optimizer")
    l2: float = setting(0.0, "strength of 0.5 * l2 * sum(W^2), over weights only")
    weights: str = setting("normal(0.01)", "how initial weights are drawn, such as he or normal(0.01)")

    def loss(self, classes: int) -> Loss:
        """Return the squared error.

        Raises
        ------
        ValueError
            If there are classes.
        """
        if classes:
            raise ValueError(f"linear: is for regression, got {classes} classes; choose logistic")
        return MeanSquaredError()

    def build(self, features: int, classes: int) -> list[Layer]:
        """Return one dense layer with one output."""
        return [Dense(self.loss(classes).outputs(classes))]

    def epochs_of(self, network: Network, loss: Loss, rows: Rows) -> Generator[Metrics, None, None]:
        """Yield the metrics of each epoch, with the parameters where they are few."""
        for metrics in super().epochs_of(network, loss, rows):
            if network.flat.size <= _MOST_PARAMETERS:
                metrics |= _parameters(network.flat, rows)
            yield metrics


def _parameters(flat: Array, rows: Rows) -> Metrics:
    """Return slopes and intercept for the targets as given; the bias is the last parameter."""
    parameters = np.asarray(flat, np.float64) * rows.scale
    slopes = {f"parameter/weight{place}": float(value) for place, value in enumerate(parameters[:-1], start=1)}
    return slopes | {"parameter/intercept": float(parameters[-1]) + rows.center}
