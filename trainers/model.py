"""A trained network as a model: predictions for raw arrays, and a state of plain arrays and JSON.

Every trainer that trains a `Network` returns a `NetworkModel` and restores it with `restore`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers import network as networks
from trainers.arrays import Array
from trainers.losses import LOSSES, Loss
from trainers.network import Network
from trainers.settings import check_choice, check_number, check_positive, is_whole


class NetworkModel:
    """A network that predicts.

    Parameters
    ----------
    network : trained
    loss : it was trained with, which knows how scores become classes or values
    classes : number of classes, 0 for regression
    epoch : whose weights these are, counted from 1
    center, scale : of the targets before they were standardized
    """

    def __init__(
        self, network: Network, loss: Loss, classes: int, epoch: int, center: float = 0.0, scale: float = 1.0
    ) -> None:
        self.network, self.loss, self.classes, self.epoch = network, loss, classes, epoch
        self.center, self.scale = center, scale

    def predict(self, X: Array) -> Array:
        """Predict.

        Parameters
        ----------
        X : (rows, features)

        Returns
        -------
        (rows,) int64 class codes, or float64 targets

        Raises
        ------
        ValueError
            If `X` has another number of features than the training rows.
        """
        scores = self.network.forward(X).T
        if self.classes:
            return self.loss.decide(scores).astype(np.int64)
        values: Array = scores[0].astype(np.float64) * self.scale + self.center
        return values

    def predict_proba(self, X: Array) -> NDArray[np.float64]:
        """Predict probabilities of the classes, ``(rows, classes) float64``, for ``X : (rows, features)``.

        Raises
        ------
        ValueError
            If `X` has another number of features, or this is a regression.
        """
        if not self.classes:
            raise ValueError("predict_proba: only models with classes have probabilities, this one is a regression")
        scores = self.network.forward(X).T.astype(np.float64)
        return np.ascontiguousarray(self.loss.probabilities(scores).T)

    def activations(self, X: Array) -> dict[str, Array]:
        """Return what each layer puts out for ``X : (rows, features)``, to look inside (`Network.activations`)."""
        return self.network.activations(X)

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able configuration, and arrays by name."""
        config = {
            "network": self.network.config(),
            "loss": self.loss.kind,
            "classes": self.classes,
            "epoch": self.epoch,
            "center": self.center,
            "scale": self.scale,
        }
        return config, self.network.arrays()


def restore(config: Mapping[str, Any], arrays: Mapping[str, Array]) -> NetworkModel:
    """Rebuild a model from what its ``state`` returned.

    Raises
    ------
    ValueError
        If the configuration is not one, or an array does not fit it.
    """
    missing = sorted({"network", "loss", "classes", "epoch", "center", "scale"} - set(config))
    if missing:
        raise ValueError(f"config: {missing[0]!r} is missing")
    check_choice("config: loss", config["loss"], LOSSES)
    if not is_whole(config["classes"], 0) or not is_whole(config["epoch"]):
        raise ValueError(f"config: classes and epoch must be counts, got {config['classes']!r}, {config['epoch']!r}")
    network, loss = networks.restore(config["network"], dict(arrays)), LOSSES[config["loss"]]()
    outputs = loss.outputs(config["classes"])
    if network.output_shape != (outputs,):
        raise ValueError(f"config: the network must have {outputs} outputs, got {network.output_shape}")
    check_number("config: center", config["center"], lambda number: True, "a finite number")
    check_positive("config: scale", config["scale"])
    return NetworkModel(network, loss, config["classes"], config["epoch"], config["center"], config["scale"])
