"""Variations of training images: moved and turned a little, so that a network learns what does not matter.

Used by the trainer `cnn` on each minibatch; validation rows and predictions see images as they are.
"""

from __future__ import annotations

import numpy as np

from trainers.arrays import Array, Shape


class ShiftAndRotate:
    """Move and turn each image at random, with bilinear sampling and 0 outside.

    Parameters
    ----------
    shape : (channels, height, width)
    shift : pixels at most, whole ones, in both directions
    degrees : at most, either way, around the middle
    """

    def __init__(self, shape: Shape, shift: int, degrees: float) -> None:
        self.shape, self.shift, self.radians = shape, int(shift), float(np.deg2rad(degrees))
        rows, columns = np.mgrid[: shape[1], : shape[2]].astype(np.float64)
        self._rows, self._columns = rows - (shape[1] - 1) / 2, columns - (shape[2] - 1) / 2

    def __call__(self, X: Array, rng: np.random.Generator) -> Array:
        """Return varied copies.

        Parameters
        ----------
        X : (rows, features), flattened images
        rng : where moves and turns are drawn from
        """
        count = len(X)
        moves = rng.integers(-self.shift, self.shift + 1, (2, count, 1, 1))
        angles = rng.uniform(-self.radians, self.radians, (count, 1, 1))
        cosine, sine = np.cos(angles), np.sin(angles)
        # Where each pixel of the result comes from: turned back around the middle, then moved back.
        rows = cosine * self._rows + sine * self._columns + (self.shape[1] - 1) / 2 - moves[0]
        columns = cosine * self._columns - sine * self._rows + (self.shape[2] - 1) / 2 - moves[1]
        images = X.reshape(count, *self.shape)
        varied: Array = self._sample(images, rows, columns).reshape(X.shape).astype(X.dtype)
        return varied

    def _sample(self, images: Array, rows: Array, columns: Array) -> Array:
        top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
        down, right = (rows - top)[:, None], (columns - left)[:, None]
        sampled: Array = (
            (1 - down) * (1 - right) * self._pixels(images, top, left)
            + (1 - down) * right * self._pixels(images, top, left + 1)
            + down * (1 - right) * self._pixels(images, top + 1, left)
            + down * right * self._pixels(images, top + 1, left + 1)
        )
        return sampled

    def _pixels(self, images: Array, rows: Array, columns: Array) -> Array:
        """Return ``(images, channels, height, width)`` pixels at whole places, 0 outside."""
        _, height, width = self.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        number = np.arange(len(images))[:, None, None]
        colours = images[number, :, np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        pixels: Array = np.moveaxis(colours, -1, 1) * inside[:, None]
        return pixels
