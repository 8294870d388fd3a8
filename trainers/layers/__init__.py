"""Layers by name: what a stored model or an architecture given as data may be built from.

Each layer is a file; a new one is that file and one entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainers.layers.batch_norm import BatchNorm
from trainers.layers.convolution import Convolution
from trainers.layers.dense import Dense
from trainers.layers.dropout import Dropout
from trainers.layers.flatten import Flatten
from trainers.layers.layer import Layer
from trainers.layers.linear import Linear
from trainers.layers.max_pooling import MaxPooling
from trainers.layers.relu import Relu
from trainers.layers.scratch import Scratch
from trainers.layers.sigmoid import Sigmoid
from trainers.layers.tanh import Tanh
from trainers.settings import check_choice

ACTIVATIONS: dict[str, type[Layer]] = {layer.kind: layer for layer in (Relu, Tanh, Sigmoid, Linear)}
_OTHERS: tuple[type[Layer], ...] = (Dense, BatchNorm, Convolution, MaxPooling, Flatten, Dropout)
LAYERS: dict[str, type[Layer]] = ACTIVATIONS | {layer.kind: layer for layer in _OTHERS}

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "BatchNorm",
    "Convolution",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPooling",
    "Relu",
    "Scratch",
    "Sigmoid",
    "Tanh",
    "from_config",
]


def from_config(config: Mapping[str, Any]) -> Layer:
    """Build a layer from what its ``config`` returned.

    Raises
    ------
    ValueError
        If there is no such kind of layer, or it refuses a value.
    """
    check_choice("layers: kind", config.get("kind"), LAYERS)
    options = {name: value for name, value in config.items() if name != "kind"}
    try:
        return LAYERS[config["kind"]](**options)
    except TypeError as error:
        raise ValueError(f"layers: {config['kind']}: {error}") from None
