"""Max pooling: of each window of an image only the largest value stays.

`windows` says where its windows lie.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch
from trainers.layers.windows import Windows


class MaxPooling(Layer):
    """Compute the maximum of each window; the gradient goes to the first of the largest.

    Parameters
    ----------
    size : height and width of a window
    stride : steps between windows; None for windows beside each other
    padding : pixels added on every side that never are the largest; at most half of the size
    """

    kind: ClassVar[str] = "max_pooling"

    def __init__(self, size: int = 2, stride: int | None = None, padding: int = 0) -> None:
        super().__init__()
        self.windows = Windows(size, size if stride is None else stride, padding)
        if self.windows.padding > self.windows.size // 2:
            raise ValueError(f"max_pooling: padding must be at most half of size={size}, got {padding}")

    def config(self) -> dict[str, Any]:
        """Return kind, size, stride and padding."""
        return {"kind": self.kind, **self.windows.config()}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return ``(channels, height, width)`` of the output; the input must be images."""
        return (input_shape[0], *self.windows.fit(self.kind, input_shape))

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Return the largest value of each window."""
        down, across = self.windows.fit(self.kind, x.shape[:3])
        padded = scratch.cache["padded"] = self._pad(x, scratch)
        y = scratch.cache["y"] = scratch.buffer("y", (len(x), down, across, x.shape[-1]))
        for i, j, pixels in self.windows.places(padded, down, across):
            if i == j == 0:
                np.copyto(y, pixels)
            else:
                np.maximum(y, pixels, out=y)
        return y

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Return the gradient, given to the first of the largest values of each window, else 0."""
        y = scratch.cache["y"]
        _, down, across, _ = y.shape
        padded = scratch.buffer("dx", scratch.cache["padded"].shape)
        padded.fill(0)
        share = scratch.buffer("share", gradient.shape)
        free, hit = scratch.buffer("free", gradient.shape, bool), scratch.buffer("hit", gradient.shape, bool)
        free.fill(True)
        targets = self.windows.places(padded, down, across)
        for (_, _, pixels), (_, _, target) in zip(self._places(scratch), targets, strict=True):
            np.equal(pixels, y, out=hit)
            np.logical_and(hit, free, out=hit)
            np.logical_xor(free, hit, out=free)
            target += np.multiply(gradient, hit, out=share)
        return np.ascontiguousarray(self.windows.inner(padded))

    def pattern(self, scratch: Scratch) -> Array:
        """Return which of the pixels of each window are the largest."""
        return np.stack([pixels == scratch.cache["y"] for _, _, pixels in self._places(scratch)])

    def _places(self, scratch: Scratch) -> Any:
        return self.windows.places(scratch.cache["padded"], *scratch.cache["y"].shape[1:3])

    def _pad(self, x: Array, scratch: Scratch) -> Array:
        if not self.windows.padding:
            return x
        padded = scratch.buffer("padded", self.windows.padded_shape(x.shape))
        padded.fill(-np.inf)
        np.copyto(self.windows.inner(padded), x)
        return padded
