"""What every layer is: shapes, parameters, a forward and a backward pass; and how it takes its parameters.

`trainers.network` chains layers and gives each its parameters as views into one flat vector; each layer has a file
of its own beside this one. A layer keeps nothing of the rows that pass through it: what it needs for them lies in the
`scratch` that is passed in, so that several threads can predict with the same layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.scratch import Scratch


class Layer(ABC):
    """One step of a network; arrays are features-first, ``(features, rows)`` or ``(channels, height, width, rows)``.

    Attributes
    ----------
    kind : the name under which `trainers.layers.from_config` finds it
    kinds : of parameters that it may have, among ``weights``, ``biases``, ``gammas``, ``betas``
    gives_output_away : backward does not need the output, so that the next layer may write over it
    in_place : the layer before gives its output away; set by `trainers.network`
    parameters, gradients : views by kind; set by `attach`
    """

    kind: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]] = ()
    gives_output_away: ClassVar[bool] = False

    def __init__(self) -> None:
        self.in_place = False
        self.parameters: Mapping[str, Array] = {}
        self.gradients: Mapping[str, Array] = {}
        self.dtype: np.dtype[Any] = np.dtype(np.float32)

    def config(self) -> dict[str, Any]:
        """Return what builds this layer again, JSON-able, without its parameters."""
        return {"kind": self.kind}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one row's output for the shape of one row's input.

        Raises
        ------
        ValueError
            If the layer cannot take such an input.
        """
        return input_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of each parameter array by its kind; weights begin with the outputs' axis."""
        return {}

    def pattern(self, scratch: Scratch) -> Array | None:
        """Return which side of its kinks each input of the last forward was on; None for a layer without kinks."""
        return None

    def statistics(self) -> dict[str, Array]:
        """Return arrays that a trained layer needs beside its parameters, as views that can be written to."""
        return {}

    def attach(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array], dtype: np.dtype[Any]) -> None:
        """Take the views of parameters and gradients that the layer is to use from now on."""
        self.parameters, self.gradients, self.dtype = parameters, gradients, dtype

    @abstractmethod
    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return the outputs for `x`, in a buffer that the next call with the same `scratch` writes over.

        Parameters
        ----------
        x : (features, rows) or (channels, height, width, rows)
        scratch : this layer's memory in this run
        trained : the number of leading rows that are being learned from; 0 means prediction
        noise : where layers that are random in training (dropout) draw from; None switches them off
        """

    @abstractmethod
    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Write the parameters' gradients and return the inputs' gradient.

        Parameters
        ----------
        gradient : of the loss with respect to the outputs, for the leading rows that are learned from; may be
            written over
        scratch : that the forward pass was given
        wanted : False where nobody needs the inputs' gradient, as in a first layer; then None is returned
        """
