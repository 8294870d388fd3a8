"""Batch normalization: each feature is centred and scaled over the rows, then scaled and shifted as learned.

Prediction uses the training rows' mean and variance, never those of the rows predicted, so a row's prediction does
not depend on its neighbours (Ioffe and Szegedy 2015; articles A).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array, Shape
from trainers.layers.layer import Layer
from trainers.layers.scratch import Scratch
from trainers.settings import check_fraction, check_positive


class BatchNorm(Layer):
    """Compute ``y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each feature or channel.

    Parameters
    ----------
    epsilon : added to the variance
    memory : how much of the statistics stays at each step: 0 keeps those of the last step, which are exact where
        every step sees all training rows (training then sets it); 0.9 is a running average for minibatches

    Notes
    -----
    With ``g`` the gradient of ``y``, ``h = (x - mean) / sqrt(variance + epsilon)`` and means over the trained rows:
    ``dgamma = sum g h``, ``dbeta = sum g``, ``dx = gamma / sqrt(variance + epsilon) (g - mean g - h mean(g h))``.
    """

    kind: ClassVar[str] = "batch_norm"
    kinds: ClassVar[tuple[str, ...]] = ("gammas", "betas")
    gives_output_away: ClassVar[bool] = True

    def __init__(self, epsilon: float = 1e-5, memory: float = 0.0) -> None:
        super().__init__()
        check_positive("epsilon", epsilon)
        check_fraction("memory", memory)
        self.epsilon, self.memory = float(epsilon), float(memory)

    def config(self) -> dict[str, Any]:
        """Return kind, epsilon and memory."""
        return {"kind": self.kind, "epsilon": self.epsilon, "memory": self.memory}

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return a gamma and a beta for each feature or channel."""
        return {"gammas": input_shape[:1], "betas": input_shape[:1]}

    def attach(self, parameters: Any, gradients: Any, dtype: np.dtype[Any]) -> None:
        """Take the views and start with mean 0 and variance 1."""
        super().attach(parameters, gradients, dtype)
        features = len(parameters["gammas"])
        self.mean, self.variance = np.zeros(features, dtype), np.ones(features, dtype)

    def statistics(self) -> dict[str, Array]:
        """Return the training rows' mean and variance, ``(features,)`` each."""
        return {"mean": self.mean, "variance": self.variance}

    def forward(self, x: Array, scratch: Scratch, trained: int = 0, noise: np.random.Generator | None = None) -> Array:
        """Normalize all rows with the statistics of the `trained` ones, or with those stored if there are none.

        Raises
        ------
        ValueError
            For images of which only some rows are trained; they are not neighbours in memory.
        """
        if x.ndim > 2 and trained not in (0, x.shape[-1]):
            raise ValueError(f"batch_norm: images must be trained all or none, got {trained} of {x.shape[-1]}")
        flat = x.reshape(len(x), -1)
        count = flat.shape[1] if trained == x.shape[-1] else trained
        cache = scratch.cache
        centred = cache["centred"] = scratch.buffer("centred", flat.shape)
        variance = self._measure(flat, centred, count, scratch) if count else self._recall(flat, centred)
        inverse = cache["inverse"] = 1 / np.sqrt(variance + self.dtype.type(self.epsilon))
        scale = cache["scale"] = self.parameters["gammas"] * inverse
        y: Array = np.multiply(centred, scale[:, None], out=scratch.buffer("y", flat.shape))
        np.add(y, self.parameters["betas"][:, None], out=y)
        return y.reshape(x.shape)

    def backward(self, gradient: Array, scratch: Scratch, wanted: bool = True) -> Array | None:
        """Write ``dgamma`` and ``dbeta``, return ``dx``, written over `gradient`."""
        g = gradient.reshape(len(gradient), -1)
        rows = g.shape[1]
        cache = scratch.cache
        centred, inverse = cache["centred"][:, :rows], cache["inverse"]
        beta_gradient = np.matmul(g, scratch.constant(1, (rows,)), out=self.gradients["betas"])
        gamma_gradient = np.multiply(np.vecdot(g, centred), inverse, out=self.gradients["gammas"])
        if not wanted:
            return None
        slope = (gamma_gradient * inverse / rows)[:, None]
        g -= np.multiply(centred, slope, out=scratch.buffer("slope", g.shape))
        g -= (beta_gradient / rows)[:, None]
        g *= cache["scale"][:, None]
        return g.reshape(gradient.shape)

    def _measure(self, flat: Array, centred: Array, count: int, scratch: Scratch) -> Array:
        """Centre `flat` with the mean of its first `count` columns, remember the statistics, return the variance."""
        mean = flat[:, :count] @ scratch.constant(1, (count,)) / self.dtype.type(count)
        np.subtract(flat, mean[:, None], out=centred)
        leading = centred[:, :count]
        variance = np.vecdot(leading, leading) / self.dtype.type(count)
        # A minibatch's variance is on average (count - 1) / count of that of all rows.
        unbiased = variance * (count / (count - 1)) if self.memory and count > 1 else variance
        memory = self.dtype.type(self.memory if "measured" in scratch.cache else 0)
        for stored, fresh in ((self.mean, mean), (self.variance, unbiased)):
            stored *= memory
            stored += (1 - memory) * fresh
        scratch.cache["measured"] = True
        return np.asarray(variance)

    def _recall(self, flat: Array, centred: Array) -> Array:
        np.subtract(flat, self.mean[:, None], out=centred)
        return self.variance
