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

_TINY = 1e-8  # below it a gradient is rounding: central differences of a loss near 1 carry about 1e-11


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
    The worst of ``|a - n| / max(|a| + |n|, tiny)`` of each parameter array.

    Raises
    ------
    ValueError
        If the network is not of dtype float64; differences would drown in rounding.
    """
    if network.dtype != np.float64:
        raise ValueError(f"dtype: a gradient check needs a float64 network, got {network.dtype}")
    x, targets = np.ascontiguousarray(X.T, np.float64), loss.encode(y, classes, network.dtype)
    mean_loss(network, loss, x, targets)
    network.backward(loss.backward(np.full(len(X), 1 / len(X))))
    worst = {}
    for name, array in network.parameters.items():
        chosen = np.unique(np.linspace(0, array.size - 1, min(array.size, most)).astype(np.intp))
        analytic = network.gradients[name].ravel()[chosen]
        worst[name] = _worst(analytic, differences(network, loss, x, targets, array, chosen, step))
    return worst


def numerical_gradient(network: Network, loss: Loss, X: Array, y: Array, classes: int, step: float = 1e-4) -> Array:
    """Return the gradient of the mean loss by central differences over every parameter, as one flat vector.

    The oracle of articles B: two forward passes for each parameter, thousands of times slower than backpropagation.

    Parameters
    ----------
    network, loss, X, y, classes : as in `compare`
    step : of the differences
    """
    x, targets = np.ascontiguousarray(X.T, network.dtype), loss.encode(y, classes, network.dtype)
    return differences(network, loss, x, targets, network.flat, np.arange(network.flat.size), step)


def differences(
    network: Network, loss: Loss, x: Array, targets: Array, array: Array, chosen: NDArray[np.intp], step: float
) -> Array:
    """Return central differences of the mean loss for the `chosen` entries of a contiguous parameter `array`."""
    flat, found = array.reshape(-1), np.empty(len(chosen))
    for place, index in enumerate(chosen):
        kept = flat[index]
        flat[index] = kept + step
        above = mean_loss(network, loss, x, targets)
        flat[index] = kept - step
        found[place] = (above - mean_loss(network, loss, x, targets)) / (2 * step)
        flat[index] = kept
    return found


def mean_loss(network: Network, loss: Loss, x: Array, targets: Array) -> float:
    """Return the mean loss of columns ``x : (features, rows)``, all of them as training rows, without dropout."""
    return float(np.mean(loss.forward(network.scores(x, x.shape[1]), targets)))


def _worst(analytic: Array, numerical: Array) -> float:
    scale = np.maximum(np.abs(analytic) + np.abs(numerical), _TINY)
    return float(np.max(np.abs(analytic - numerical) / scale))
