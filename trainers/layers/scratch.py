"""Memory of one layer for the passes of one run: arrays that are used again, and what forward leaves for backward.

A network makes one for each of its layers (`trainers.network.Network.workspace`): a training run has its own for all
of its epochs, every prediction has its own, so layers themselves keep nothing of the rows that pass through them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trainers.arrays import Array, Shape


class Scratch:
    """Arrays by name, for one layer and one thread.

    Parameters
    ----------
    dtype : of the network

    Attributes
    ----------
    cache : what forward passes left, by name: for backward, and for the forward passes after them
    """

    __slots__ = ("_storage", "_views", "cache", "dtype")

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.cache: dict[str, Any] = {}
        self._storage: dict[str, Array] = {}
        self._views: dict[str, Array] = {}

    def buffer(self, name: str, shape: Shape, dtype: Any = None) -> Array:
        """Return an uninitialized array that is allocated once and grows if need be."""
        view = self._views.get(name)
        if view is not None and view.shape == shape:
            return view
        size = math.prod(shape)
        storage = self._storage.get(name)
        if storage is None or storage.size < size:
            storage = self._storage[name] = np.empty(size, self.dtype if dtype is None else dtype)
        view = self._views[name] = storage[:size].reshape(shape)
        return view

    def constant(self, value: int, shape: Shape) -> Array:
        """Return an array filled with `value` that is made once; it must not be written to."""
        name = f"constant {value}"
        view = self._views.get(name)
        if view is None or view.shape != shape:
            view = self._views[name] = np.full(shape, value, self.dtype)
        return view
