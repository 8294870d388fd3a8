"""Compares backpropagation with central differences: the proof that a hand-written gradient is right.

`check` takes a trainer as the service does; `compare` takes a network, a loss and rows; `numerical_gradient` is the
full oracle of articles B over every parameter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers.arrays import Array
from trainers.losses import Loss
from trainers.network import Network

# Central differences of a loss near 1 with a step of 1e-5 carry rounding of about 1e-11, which must stay far below
# the 1e-6 that is asked for, also where the true gradient is 0.
_TINY = 1e-4


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
    The worst relative error of each parameter array by its name, such as ``layer1.weights``.
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
    The worst of ``|a - n| / max(|a| + |n|, tiny)`` of each parameter array, with tiny 1e-4.

    Raises
    ------
    ValueError
        If the network is not of dtype float64; differences would drown in rounding.
    """
    if network.dtype != np.float64:
        raise ValueError(f"dtype: a gradient check needs a float64 network, got {network.dtype}")
    rows = _Rows(network, loss, X, y, classes)
    rows.loss()
    network.backward(loss.backward(np.full(len(X), 1 / len(X))))
    worst = {}
    for name, array in network.parameters.items():
        chosen = np.unique(np.linspace(0, array.size - 1, min(array.size, most)).astype(np.intp))
        analytic = network.gradients[name].ravel()[chosen]
        worst[name] = _worst(analytic, rows.differences(array, chosen, step, smooth=True))
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


class _Rows:
    """The mean loss of some rows as a function of the network's parameters."""

    def __init__(self, network: Network, loss: Loss, X: Array, y: Array, classes: int) -> None:
        self.network, self.criterion = network, loss
        self.x = np.ascontiguousarray(X.T, network.dtype)
        self.targets = loss.encode(y, classes, network.dtype)

    def loss(self) -> float:
        """Return the mean loss, all rows as training rows, without dropout."""
        scores = self.network.scores(self.x, self.x.shape[1])
        return float(np.mean(self.criterion.forward(scores, self.targets)))

    def differences(self, array: Array, chosen: NDArray[np.intp], step: float, smooth: bool = False) -> Array:
        """Return central differences for the `chosen` entries of a parameter array.

        With `smooth`, entries are NaN where the step crosses a kink of ReLU or pooling: there is no slope to compare.
        """
        flat, found = array.reshape(-1), np.empty(len(chosen))
        for place, index in enumerate(chosen):
            kept = flat[index]
            flat[index] = kept + step
            above, pattern = self.loss(), self._pattern() if smooth else []
            flat[index] = kept - step
            found[place] = (above - self.loss()) / (2 * step)
            flat[index] = kept
            if smooth and not all(map(np.array_equal, pattern, self._pattern())):
                found[place] = np.nan
        return found

    def _pattern(self) -> list[Array]:
        patterns = (layer.pattern() for layer in self.network.layers)
        return [pattern for pattern in patterns if pattern is not None]


def _worst(analytic: Array, numerical: Array) -> float:
    scale = np.maximum(np.abs(analytic) + np.abs(numerical), _TINY)
    compared = ~np.isnan(numerical) | ~np.isfinite(analytic)  # a gradient that is not finite is no kink
    errors = (np.abs(analytic - numerical) / scale)[compared]
    return float(errors.max()) if errors.size else 0.0
