"""Convolution of images with learned kernels (as a cross-correlation, like every framework).

`windows` says where kernels fit.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch
from trainers.layers.windows import Windows
from trainers.settings import check_whole


class Convolution(Layer):
    """Compute ``y[k] = sum over c, i, j of w[k, c, i, j] * x[c, . + i, . + j] + b[k]``.

    Parameters
    ----------
    kernels : number of output channels
    size : height and width of a kernel
    stride : steps between windows
    padding : zeros added on every side, fewer than `size`; ``size // 2`` keeps the image's size where `size` is odd
    bias : whether a bias is added

    Notes
    -----
    The pixels under all windows are laid out as one matrix (im2col), so that forward and backward are products of
    matrices: ``weights : (kernels, channels, size, size)``, ``biases : (kernels,)``.
    """

    kind: ClassVar[str] = "convolution"
    kinds: ClassVar[tuple[str, ...]] = ("weights", "biases")
    gives_output_away: ClassVar[bool] = True

    def __init__(self, kernels: int, size: int = 3, stride: int = 1, padding: int = 0, bias: bool = True) -> None:
        super().__init__()
        check_whole("kernels", kernels)
        self.kernels, self.windows, self.bias = int(kernels), Windows(size, stride, padding), bool(bias)

    def config(self) -> dict[str, Any]:
        """Return kind, kernels, size, stride, padding and whether there is a bias."""
        return {"kind": self.kind, "kernels": self.kernels, **self.windows.config(), "bias": self.bias}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return ``(kernels, height, width)`` of the output; the input must be images."""
        return (self.kernels, *self.windows.fit(self.kind, input_shape))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of weights and, if there is one, of the bias."""
        size = self.windows.size
        weights: dict[str, Shape] = {"weights": (self.kernels, input_shape[0], size, size)}
        return weights | {"biases": (self.kernels,)} if self.bias else weights

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return ``(kernels, height, width, rows)``."""
        down, across = self.windows.fit(self.kind, x.shape[:3])
        size, rows = self.windows.size, x.shape[-1]
        columns = scratch.buffer("columns", (len(x), size, size, down, across, rows))
        for i, j, pixels in self.windows.places(self._pad(x, scratch), down, across):
            np.copyto(columns[:, i, j], pixels)
        scratch.cache["columns"], scratch.cache["x_shape"] = columns, x.shape
        y = scratch.buffer("y", (self.kernels, down * across * rows))
        np.matmul(self._matrix(), columns.reshape(len(x) * size * size, -1), out=y)
        if self.bias:
            np.add(y, self.parameters["biases"][:, None], out=y)
        return y.reshape(self.kernels, down, across, rows)

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Write the gradients of weights and biases, return that of the images; all rows must be trained."""
        g = gradient.reshape(self.kernels, -1)
        windows = scratch.cache["columns"]
        columns = windows.reshape(-1, g.shape[1])
        weights_gradient = self.gradients["weights"].reshape(self.kernels, -1)
        np.matmul(g, columns.T, out=weights_gradient)
        if self.bias:
            np.matmul(g, scratch.constant(1, (g.shape[1],)), out=self.gradients["biases"])
        if not wanted:
            return None
        # The matrix of pixels has been used; its gradient takes its place.
        np.matmul(self._matrix().T, g, out=columns)
        padded = scratch.buffer("dx", self.windows.padded_shape(scratch.cache["x_shape"]))
        padded.fill(0)
        for i, j, pixels in self.windows.places(padded, *windows.shape[3:5]):
            pixels += windows[:, i, j]
        return np.ascontiguousarray(self.windows.inner(padded))

    def _matrix(self) -> Array:
        return self.parameters["weights"].reshape(self.kernels, -1)

    def _pad(self, x: Array, scratch: Scratch) -> Array:
        if not self.windows.padding:
            return x
        padded = scratch.buffer("padded", self.windows.padded_shape(x.shape))
        # After a change of the number of rows this memory was in other use: the border is not 0 any more.
        if padded is not scratch.cache.get("padded"):
            padded.fill(0)
            scratch.cache["padded"] = padded
        np.copyto(self.windows.inner(padded), x)
        return padded
