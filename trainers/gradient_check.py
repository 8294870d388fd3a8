"""Compares backpropagation with central differences: the proof that a hand-written gradient is right.

`check` takes a trainer as the service does; `compare` takes a network, a loss and rows; `numerical_gradient` is the
full oracle of articles B over every parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers.arrays import Array
from trainers.losses import Loss
from trainers.network import Network

# A loss L is rounded by about 1e-16 max(1, L), its central difference by that over the step. Gradients count as at
# least 1e7 times as large, so that rounding stays far below the 1e-6 that is asked for, also where the truth is 0.
_TINY = 1e-9
_NUDGE = 0.1  # far above any step, far below what a network computes with
_TRIES = 3


def check(trainer: Any, X: Array, y: Array, classes: int, step: float = 1e-5) -> dict[str, float]:
    """Compare both gradients for a trainer's own network, in float64, on the rows given.

    Parameters
    ----------
    trainer : with methods ``network(features, classes, dtype)`` and ``loss(classes)``
    X : (rows, features); a handful of rows will do
    y : (rows,) codes, or targets when ``classes`` is 0
    classes : number of classes, 0 for regression
    step : of the differences

    Returns
    -------
    The worst relative error of each parameter array by its name, such as ``layer1.weights``; NaN if not compared.
    """
    if not classes:
        y = (y - y.mean()) / (y.std() or 1.0)  # as in training; differences of large losses are rounding
    network = trainer.network(X.shape[1], classes, dtype="float64")
    return compare(network, trainer.loss(classes), X, y, classes, step)


def compare(
    network: Network, loss: Loss, X: Array, y: Array, classes: int, step: float = 1e-5, most: int = 200
) -> dict[str, float]:
    """Compare both gradients of the mean loss.

    Parameters
    ----------
    network : of dtype float64; its parameters are the same afterwards
    loss : that follows it
    X, y, classes, step : as in `check`
    most : number of entries of each array that are compared, evenly spread

    Returns
    -------
    The worst of ``|a - n| / max(|a| + |n|, tiny)`` of each parameter array, with ``tiny = 1e-9 max(1, loss) / step``;
    infinite where a gradient is not finite, NaN where every step crossed a kink, so that nothing was compared.

    Raises
    ------
    ValueError
        If the network is not of dtype float64; differences would drown in rounding.
    """
    if network.dtype != np.float64:
        raise ValueError(f"dtype: a gradient check needs a float64 network, got {network.dtype}")
    rows, rng = _Rows(network, loss, X, y, classes), np.random.default_rng(0)
    worst = dict.fromkeys(network.parameters, math.nan)
    for _ in range(_TRIES):  # a few entries, such as a single bias, may all meet a kink by chance
        left = [name for name, error in worst.items() if math.isnan(error)]
        with _off_the_kinks(network, rng):
            worst |= {name: rows.error(name, step, most) for name in left}
    return worst


def numerical_gradient(network: Network, loss: Loss, X: Array, y: Array, classes: int, step: float = 1e-4) -> Array:
    """Return the gradient of the mean loss by central differences over every parameter, as one flat vector.

    The oracle of articles B: two forward passes for each parameter, thousands of times slower than backpropagation.

    Parameters
    ----------
    network, loss, X, y, classes : as in `compare`
    step : of the differences
    """
    rows = _Rows(network, loss, X, y, classes)
    return rows.differences(network.flat, np.arange(network.flat.size), step)


@contextmanager
def _off_the_kinks(network: Network, rng: np.random.Generator) -> Iterator[None]:
    """Move biases and betas away from 0 while the block runs: where pixels are 0, too, ReLU would sit on its kink."""
    parameters = network.flat.copy()
    for kind in ("biases", "betas"):
        section = network.flat[network.sections[kind]]
        section += rng.uniform(-_NUDGE, _NUDGE, section.size)
    try:
        yield
    finally:
        network.flat[:] = parameters


class _Rows:
    """The mean loss of some rows as a function of the network's parameters."""

    def __init__(self, network: Network, loss: Loss, X: Array, y: Array, classes: int) -> None:
        self.network, self.criterion, self.workspace = network, loss, network.workspace()
        self.x = np.ascontiguousarray(X.T, network.dtype)
        self.targets = loss.encode(y, classes, network.dtype)

    def loss(self) -> float:
        """Return the mean loss, all rows as training rows, without dropout."""
        scores = self.network.scores(self.x, self.workspace, self.x.shape[1])
        return float(np.mean(self.criterion.forward(scores, self.targets)))

    def error(self, name: str, step: float, most: int) -> float:
        """Return the worst error of at most so many entries of a parameter array, NaN if none could be compared."""
        array, loss = self.network.parameters[name], self.loss()
        indices = np.unique(np.linspace(0, array.size - 1, min(array.size, most)).astype(np.intp))
        rows = self.x.shape[1]
        self.network.backward(self.criterion.backward(np.full(rows, 1 / rows)), self.workspace)
        analytic = self.network.gradients[name].ravel()[indices]
        tiny = _TINY * max(1.0, loss) / step
        return _worst(analytic, self.differences(array, indices, step, smooth=True), tiny)

    def differences(self, array: Array, indices: NDArray[np.intp], step: float, smooth: bool = False) -> Array:
        """Return central differences for the entries of a parameter array at `indices`.

        With `smooth`, entries are NaN where the step crosses a kink of ReLU or pooling: there is no slope to compare.
        """
        flat, slopes = array.reshape(-1), np.empty(len(indices))
        for place, index in enumerate(indices):
            value = flat[index]
            flat[index] = value + step
            above, pattern = self.loss(), self._pattern() if smooth else []
            flat[index] = value - step
            slopes[place] = (above - self.loss()) / (2 * step)
            flat[index] = value
            if smooth and not all(map(np.array_equal, pattern, self._pattern())):
                slopes[place] = np.nan
        return slopes

    def _pattern(self) -> list[Array]:
        pairs = zip(self.network.layers, self.workspace, strict=True)
        patterns = (layer.pattern(scratch) for layer, scratch in pairs)
        return [pattern for pattern in patterns if pattern is not None]


def _worst(analytic: Array, numerical: Array, tiny: float) -> float:
    scale = np.maximum(np.abs(analytic) + np.abs(numerical), tiny)
    compared = ~np.isnan(numerical) | ~np.isfinite(analytic)  # a gradient that is not finite is no kink
    errors = (np.abs(analytic - numerical) / scale)[compared]
    return float(np.where(np.isnan(errors), np.inf, errors).max()) if errors.size else math.nan
