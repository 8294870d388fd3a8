"""Windows that slide over images: where they fit, and the pixels under each of their places.

Shared by `convolution` and `max_pooling`. Images are ``(channels, height, width, rows)``; as rows are the last axis,
all pixels under one place of the window are long runs of memory, and a window needs as many copies as it has places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainers.arrays import Array, Shape
from trainers.settings import check_whole


class Windows:
    """Square windows.

    Parameters
    ----------
    size : height and width of a window
    stride : steps between windows
    padding : pixels added on every side, fewer than `size`
    """

    def __init__(self, size: int, stride: int, padding: int) -> None:
        check_whole("size", size)
        check_whole("stride", stride)
        check_whole("padding", padding, least=0)
        if padding >= size:
            raise ValueError(f"padding: must be below the size of a window, size={size}, got {padding}")
        self.size, self.stride, self.padding = int(size), int(stride), int(padding)

    def config(self) -> dict[str, Any]:
        """Return size, stride and padding."""
        return {"size": self.size, "stride": self.stride, "padding": self.padding}

    def fit(self, kind: str, input_shape: Shape) -> tuple[int, int]:
        """Return how many windows fit below and beside each other.

        Raises
        ------
        ValueError
            If the input is no image, or is smaller than a window.
        """
        if len(input_shape) != 3:
            raise ValueError(f"{kind}: input must be images, (channels, height, width), got {input_shape}")
        _, height, width = input_shape
        if min(height, width) + 2 * self.padding < self.size:
            raise ValueError(f"{kind}: images must be at least as large as a window of {self.size}, got {input_shape}")
        down = (height + 2 * self.padding - self.size) // self.stride + 1
        across = (width + 2 * self.padding - self.size) // self.stride + 1
        return down, across

    def places(self, padded: Array, down: int, across: int) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(i, j, pixels)``: for each place in the window the pixels that lie there, a view into `padded`."""
        s = self.stride
        for i in range(self.size):
            for j in range(self.size):
                yield i, j, padded[:, i : i + s * (down - 1) + 1 : s, j : j + s * (across - 1) + 1 : s]

    def inner(self, padded: Array) -> Array:
        """Return the view of `padded` without its border."""
        p = self.padding
        return padded[:, p : padded.shape[1] - p, p : padded.shape[2] - p]

    def padded_shape(self, shape: Shape) -> Shape:
        """Return the shape of ``(channels, height, width, rows)`` with its border."""
        channels, height, width, rows = shape
        return channels, height + 2 * self.padding, width + 2 * self.padding, rows
