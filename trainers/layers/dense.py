"""The fully connected layer: ``y = W x + b``, or without ``b`` where batch normalization follows.

An activation or `batch_norm` comes after it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch
from trainers.settings import check_whole


class Dense(Layer):
    """Multiply with a matrix and add a bias.

    Parameters
    ----------
    units : number of outputs
    bias : whether a bias is added

    Notes
    -----
    ``weights : (units, inputs)``, ``biases : (units,)``. With ``g`` the gradient of ``y``: ``dW = g x'``,
    ``db = sum of g over rows``, ``dx = W' g``.
    """

    kind: ClassVar[str] = "dense"
    kinds: ClassVar[tuple[str, ...]] = ("weights", "biases")
    gives_output_away: ClassVar[bool] = True

    def __init__(self, units: int, bias: bool = True) -> None:
        super().__init__()
        check_whole("units", units)
        self.units, self.bias = int(units), bool(bias)

    def config(self) -> dict[str, Any]:
        """Return kind, units and whether there is a bias."""
        return {"kind": self.kind, "units": self.units, "bias": self.bias}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return ``(units,)``; the input must be flat."""
        if len(input_shape) != 1:
            raise ValueError(f"dense: input must be flat, (features,), got {input_shape}; put a flatten layer before")
        return (self.units,)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of weights and, if there is one, of the bias."""
        weights: dict[str, Shape] = {"weights": (self.units, *input_shape)}
        return weights | {"biases": (self.units,)} if self.bias else weights

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return ``W x + b``, ``(units, rows)``."""
        scratch.cache["x"] = x
        y = np.matmul(self.parameters["weights"], x, out=scratch.buffer("y", (self.units, x.shape[1])))
        if self.bias:
            np.add(y, self.parameters["biases"][:, None], out=y)
        return y

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Write ``dW`` and ``db``, return ``W' g``."""
        rows = gradient.shape[1]
        np.matmul(gradient, scratch.cache["x"][:, :rows].T, out=self.gradients["weights"])
        if self.bias:
            # A product with ones is BLAS, four times as fast as sum(axis=1) at a hundred units.
            np.matmul(gradient, scratch.constant(1, (rows,)), out=self.gradients["biases"])
        if not wanted:
            return None
        weights = self.parameters["weights"]
        return np.matmul(weights.T, gradient, out=scratch.buffer("dx", (weights.shape[1], rows)))
