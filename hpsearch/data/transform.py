"""Transforms of the features: none, standardize, PCA whitening. Fitted on training rows, applied to everything else.

A fitted transform travels inside the model (`hpsearch.model.bundle`) as a small config and named float64 arrays. To
add one: a class with `fit`, `apply` and `state`, and a line in `TRANSFORMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import DataError, unknown

Matrix = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]

EPSILON = 1e-5


class Transform(Protocol):
    """What every fitted transform offers."""

    kind: ClassVar[str]

    @classmethod
    def fit(cls, X: Matrix) -> Self:
        """Learn from training rows, ``X : (rows, features) float64``."""

    @classmethod
    def from_arrays(cls, arrays: Arrays, features: int) -> Self:
        """Rebuild from the arrays of `state`; raises ValueError where a shape does not fit."""

    def apply(self, X: Matrix) -> Matrix:
        """Transform ``X : (rows, features) float64`` into an array of the same shape."""

    def state(self) -> tuple[dict[str, Any], dict[str, Matrix]]:
        """Return a JSON-able config (its `kind`, its `features`) and arrays, for `from_state`."""


@dataclass(frozen=True, eq=False)
class Unchanged:
    """Leaves the features as they are."""

    kind: ClassVar[str] = "none"
    features: int

    @classmethod
    def fit(cls, X: Matrix) -> Self:
        """Remember the number of features."""
        return cls(X.shape[1])

    @classmethod
    def from_arrays(cls, arrays: Arrays, features: int) -> Self:
        """Rebuild; there are no arrays."""
        _check_arrays(cls.kind, arrays, {})
        return cls(features)

    def apply(self, X: Matrix) -> Matrix:
        """Return `X` itself."""
        return X

    def state(self) -> tuple[dict[str, Any], dict[str, Matrix]]:
        """Return the config and no arrays."""
        return {"kind": self.kind, "features": self.features}, {}


@dataclass(frozen=True, eq=False)
class Standardize:
    """Centres and scales each feature: ``(x - mean) * scale`` with ``scale = 1 / (std + 1e-5)``.

    A feature that is constant in the training rows has scale 0: it is 0 everywhere, also for a later row in which
    it differs. Dividing by 1e-5 there would turn a difference of 1 into 100,000.
    """

    kind: ClassVar[str] = "standardize"
    mean: Matrix
    scale: Matrix

    @classmethod
    def fit(cls, X: Matrix) -> Self:
        """Learn mean and standard deviation of each column."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = X.mean(axis=0), X.std(axis=0)
        _refuse_overflow(cls.kind, std)
        varies = X.max(axis=0) > X.min(axis=0)
        return cls(mean, np.where(varies, 1.0 / (std + EPSILON), 0.0))

    @classmethod
    def from_arrays(cls, arrays: Arrays, features: int) -> Self:
        """Rebuild from mean and scale."""
        _check_arrays(cls.kind, arrays, {"mean": (features,), "scale": (features,)})
        return cls(arrays["mean"], arrays["scale"])

    def apply(self, X: Matrix) -> Matrix:
        """Centre and scale."""
        return (X - self.mean) * self.scale

    def state(self) -> tuple[dict[str, Any], dict[str, Matrix]]:
        """Return the config, and mean and scale, each (features,)."""
        return {"kind": self.kind, "features": len(self.mean)}, {"mean": self.mean, "scale": self.scale}


@dataclass(frozen=True, eq=False)
class Whiten:
    """PCA whitening: ``(x - mean) U * scale`` with ``U, S = svd(X'X / n)`` and ``scale = 1 / sqrt(S + 1e-5)``.

    The training rows then have zero mean and identity covariance, as far as their variances stand above 1e-5.
    A direction without variance in the training rows (a constant feature, or one that is a sum of others) has scale
    0: it is 0 everywhere, also for later rows. Dividing by sqrt(1e-5) there would magnify noise 316 times.
    """

    kind: ClassVar[str] = "whiten"
    mean: Matrix
    directions: Matrix
    scale: Matrix

    @classmethod
    def fit(cls, X: Matrix) -> Self:
        """Learn mean, principal directions and their variances."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean = X.mean(axis=0)
            centred = X - mean
            covariance = centred.T @ centred / len(X)
        _refuse_overflow(cls.kind, covariance)
        U, S, _ = np.linalg.svd(covariance)
        rounding = S[0] * max(X.shape) * np.finfo(np.float64).eps
        return cls(mean, U, np.where(rounding < S, 1.0 / np.sqrt(S + EPSILON), 0.0))

    @classmethod
    def from_arrays(cls, arrays: Arrays, features: int) -> Self:
        """Rebuild from mean, directions and scale."""
        shapes = {"mean": (features,), "directions": (features, features), "scale": (features,)}
        _check_arrays(cls.kind, arrays, shapes)
        return cls(arrays["mean"], arrays["directions"], arrays["scale"])

    def apply(self, X: Matrix) -> Matrix:
        """Centre, rotate and scale."""
        return ((X - self.mean) @ self.directions) * self.scale

    def state(self) -> tuple[dict[str, Any], dict[str, Matrix]]:
        """Return the config, and mean (features,), directions (features, features), scale (features,)."""
        arrays = {"mean": self.mean, "directions": self.directions, "scale": self.scale}
        return {"kind": self.kind, "features": len(self.mean)}, arrays


TRANSFORMS: dict[str, type[Transform]] = {kind.kind: kind for kind in (Unchanged, Standardize, Whiten)}


def fit(kind: str, X: Matrix) -> Transform:
    """Fit the transform named `kind` on training rows.

    Raises
    ------
    DataError
        No such transform, or values so large that their variance overflows.
    """
    if kind not in TRANSFORMS:
        raise DataError(unknown("data.transform", "transform", kind, TRANSFORMS))
    return TRANSFORMS[kind].fit(X)


def from_state(config: Mapping[str, Any], arrays: Arrays) -> Transform:
    """Rebuild a transform from what its `state` returned.

    Raises
    ------
    ValueError
        The kind is unknown, or the arrays do not fit it; `hpsearch.model` says in which folder.
    """
    kind, features = config.get("kind"), config.get("features")
    if not isinstance(kind, str) or kind not in TRANSFORMS:
        raise ValueError(unknown("transform", "kind", str(kind), TRANSFORMS))
    if not isinstance(features, int) or isinstance(features, bool) or features < 1:
        raise ValueError(f"transform: features must be a whole number above zero, got {features!r}")
    return TRANSFORMS[kind].from_arrays(arrays, features)


def _check_arrays(kind: str, arrays: Arrays, shapes: Mapping[str, tuple[int, ...]]) -> None:
    if set(arrays) != set(shapes):
        raise ValueError(f"transform {kind}: arrays must be {sorted(shapes)}, got {sorted(arrays)}")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float64:
            raise ValueError(f"transform {kind}: {name} must be float64 {shape}, got {array.dtype} {array.shape}")


def _refuse_overflow(kind: str, variances: Matrix) -> None:
    bad = np.argwhere(~np.isfinite(variances))
    if bad.size:
        raise DataError(
            f"data.transform: {kind} needs features whose variance is finite, got an overflow in feature "
            f"{int(bad[0][-1]) + 1}; rescale that column"
        )
