"""A network: layers in a row over one flat vector of parameters and one of gradients.

Optimizers, L2 and update ratios are then a few operations on whole vectors (`trainers.training.updates`), while
layers and readers see named arrays. Built by the trainers, and from a stored model by `trainers.model`. A prediction
leaves no trace in a network, so that any number of threads may predict with one at once; a training run passes its
workspace in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from trainers.arrays import DTYPES, Array, Shape
from trainers.layers import BatchNorm, Layer, Scratch, from_config
from trainers.parameters import KINDS, check_arrays, numbered, places_of, section_of, trace
from trainers.settings import check_choice, check_sizes
from trainers.weights import Initializer

Workspace: TypeAlias = tuple[Scratch, ...]  # the memory of each layer, in their order

_CHUNK_BYTES = 1 << 21  # of one layer's outputs that are predicted at once, so that they stay in the cache


class Network:
    """Layers, their parameters and gradients.

    Parameters
    ----------
    layers : in the order of the forward pass; used by this network only
    input_shape : of one row, ``(features,)`` or ``(channels, height, width)``
    dtype : ``float32`` or ``float64``

    Attributes
    ----------
    parameters, gradients : arrays by name such as ``layer1.weights``; views into the flat vectors
    statistics : arrays by name such as ``layer1.mean``, which are no parameters
    flat, flat_gradient : all parameters, and all gradients, as one vector each
    chunk_rows : how many rows are best predicted at once
    sections : the slice of the flat vectors that holds ``weights``, ``biases``, ``gammas``, ``betas``
    """

    def __init__(self, layers: Sequence[Layer], input_shape: Shape, dtype: str = "float32") -> None:
        check_choice("dtype", dtype, DTYPES)
        self.layers, self.input_shape = tuple(layers), tuple(input_shape)
        self.dtype = np.dtype(DTYPES[dtype])
        self.output_shape, shapes, widest = trace(self.layers, self.input_shape)
        self.chunk_rows = max(1, _CHUNK_BYTES // (widest * self.dtype.itemsize))
        self.places = places_of(shapes)
        size = sum(math.prod(shape) for shape in shapes.values())
        self.flat, self.flat_gradient = np.zeros(size, self.dtype), np.zeros(size, self.dtype)
        self.parameters = {name: self.flat[s].reshape(shapes[name]) for name, s in self.places.items()}
        self.gradients = {name: self.flat_gradient[s].reshape(shapes[name]) for name, s in self.places.items()}
        self.sections = {kind: section_of(self.places, kind) for kind in KINDS}
        self.statistics: dict[str, Array] = {}
        self._attach()

    def _attach(self) -> None:
        before: Layer | None = None
        for number, layer in numbered(self.layers):
            prefix = f"layer{number}."
            own = [kind for kind in KINDS if f"{prefix}{kind}" in self.places and kind in layer.kinds]
            parameters = {kind: self.parameters[prefix + kind] for kind in own}
            layer.attach(parameters, {kind: self.gradients[prefix + kind] for kind in own}, self.dtype)
            layer.in_place = before is not None and before.gives_output_away
            self.statistics |= {prefix + name: array for name, array in layer.statistics().items()}
            before = layer
        for name in self.parameters:
            if name.endswith(".gammas"):
                self.parameters[name][...] = 1
        learning = (index for index, layer in enumerate(self.layers) if layer.parameters)
        self._first_learning = next(learning, len(self.layers))

    def initialize(self, weights: Initializer, rng: np.random.Generator) -> None:
        """Draw the weights of every layer, in the layers' order; biases and betas become 0, gammas 1."""
        for name, array in self.parameters.items():
            array[...] = 1 if name.endswith(".gammas") else 0
        for name in (name for name in self.parameters if name.endswith(".weights")):
            self.parameters[name][...] = weights.draw(self.parameters[name].shape, rng)

    def measure_exactly(self) -> None:
        """Keep the statistics of the last step alone from now on: exact where every step sees all training rows."""
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.memory = 0.0

    def workspace(self) -> Workspace:
        """Return new memory for the passes of one training run, or of one prediction; for one thread at a time."""
        return tuple(Scratch(self.dtype) for _ in self.layers)

    def forward(self, X: Array) -> Array:
        """Predict linear scores; several threads may ask at once.

        Parameters
        ----------
        X : (rows, features), where an image is one row of ``channels * height * width`` features

        Returns
        -------
        (rows, outputs) of the network's dtype

        Raises
        ------
        ValueError
            If `X` has another number of features.
        """
        self._check_features(X)
        rows, workspace = self.chunk_rows, self.workspace()
        scores = np.empty((len(X), *self.output_shape), self.dtype)
        for start in range(0, len(X), rows):
            chunk = np.asarray(X[start : start + rows], self.dtype)
            scores[start : start + rows] = self.scores(chunk.T, workspace).T
        return scores

    def activations(self, X: Array) -> dict[str, Array]:
        """Return what each layer puts out, to look inside a trained network; several threads may ask at once.

        Parameters
        ----------
        X : (rows, features), few enough to be held at once for every layer

        Returns
        -------
        (rows, ...) arrays by name, in the order of the forward pass: ``layer1.dense``, ``layer1.relu``, ...

        Raises
        ------
        ValueError
            If `X` has another number of features.
        """
        self._check_features(X)
        x, outputs = np.asarray(X, self.dtype).T, {}
        if len(self.input_shape) > 1:
            x = np.ascontiguousarray(x).reshape(*self.input_shape, len(X))
        for (number, layer), scratch in zip(numbered(self.layers), self.workspace(), strict=True):
            x = layer.forward(x, scratch)
            outputs[f"layer{number}.{layer.kind}"] = np.moveaxis(x, -1, 0).copy()
        return outputs

    def scores(
        self, x: Array, workspace: Workspace, trained: int = 0, noise: np.random.Generator | None = None
    ) -> Array:
        """Run all layers forward.

        Parameters
        ----------
        x : (features, rows) of the network's dtype
        workspace : where layers put their outputs, and what `backward` will need
        trained : the number of leading rows that `backward` will be about; 0 means prediction
        noise : where dropout draws from; None switches it off

        Returns
        -------
        (outputs, rows), in a buffer that the next call with the same `workspace` writes over
        """
        if len(self.input_shape) > 1:
            x = np.ascontiguousarray(x).reshape(*self.input_shape, x.shape[-1])
        for layer, scratch in zip(self.layers, workspace, strict=True):
            x = layer.forward(x, scratch, trained, noise)
        return x

    def backward(self, gradient: Array, workspace: Workspace) -> None:
        """Write all parameters' gradients.

        Parameters
        ----------
        gradient : (outputs, trained) of the loss with respect to the scores; written over
        workspace : that `scores` was given
        """
        first = self._first_learning  # below it nobody needs a gradient
        for index in range(len(self.layers) - 1, first - 1, -1):
            result = self.layers[index].backward(gradient, workspace[index], index > first)
            if result is not None:
                gradient = result

    def _check_features(self, X: Array) -> None:
        features = math.prod(self.input_shape)
        if X.ndim != 2 or X.shape[1] != features:
            raise ValueError(f"X: must have the shape (rows, {features}), got {X.shape}")

    def config(self) -> dict[str, Any]:
        """Return what builds this network again, JSON-able, without its parameters."""
        layers = [layer.config() for layer in self.layers]
        return {"layers": layers, "input_shape": list(self.input_shape), "dtype": self.dtype.name}

    def arrays(self) -> dict[str, Array]:
        """Return copies of all parameters and statistics by name."""
        return {name: array.copy() for name, array in (self.parameters | self.statistics).items()}

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over all parameters and statistics.

        Raises
        ------
        ValueError
            If an array is missing, unknown, or has another shape.
        """
        own = self.parameters | self.statistics
        check_arrays({name: array.shape for name, array in own.items()}, arrays)
        for name, array in own.items():
            array[...] = arrays[name]


def restore(config: dict[str, Any], arrays: dict[str, Array]) -> Network:
    """Build a network from what ``config`` and ``arrays`` returned; shapes are checked before anything is allocated.

    Raises
    ------
    ValueError
        If the configuration or an array does not fit.
    """
    layer_configs, input_shape = _layers_and_shape(config)
    layers = [from_config(layer) for layer in layer_configs]
    _, shapes, _ = trace(layers, input_shape)
    check_arrays(shapes, {name: array for name, array in arrays.items() if name in shapes})
    network = Network(layers, input_shape, config["dtype"])
    network.load(arrays)
    return network


def _layers_and_shape(config: Any) -> tuple[list[dict[str, Any]], Shape]:
    if not isinstance(config, dict) or not {"layers", "input_shape", "dtype"} <= config.keys():
        raise ValueError(f"config: network must have layers, input_shape and dtype, got {config!r:.200}")
    layers, shape = config["layers"], config["input_shape"]
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise ValueError(f"config: network.layers must be a list of mappings, got {layers!r:.200}")
    return layers, tuple(check_sizes("config: network.input_shape", shape))
