"""Predicts labels, probabilities or targets from raw rows with a model that was stored.

Columns are found by name in a DataFrame, checked by `hpsearch.data.features`, transformed as the training rows were,
and given to the model that the trainer restored. `loader` puts MLflow's face on it. A prediction leaves nothing behind
here, so that several threads may ask at once, as MLflow's scoring server does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.features import finite_features
from hpsearch.errors import DataError, ModelFolderError, TrainerError, nearest
from hpsearch.model.bundle import Bundle, load
from hpsearch.model.source import find
from hpsearch.training.protocol import Model

Resolve = Callable[[str], Any]


class Predictor:
    """A restored model together with its transform, classes and features.

    Parameters
    ----------
    bundle : what was stored
    model : what the trainer's ``restore`` made of it
    """

    def __init__(self, bundle: Bundle, model: Model):
        self.bundle = bundle
        self.model = model
        self.classes = bundle.classes
        self.features = bundle.features
        self.task = bundle.task

    @classmethod
    def from_bundle(cls, bundle: Bundle, resolve: Resolve | None = None) -> Self:
        """Restore the model.

        Parameters
        ----------
        bundle : what was stored
        resolve : from a trainer's name to the trainer; by default `hpsearch.training.loader.resolve_stored`

        Raises
        ------
        ModelFolderError
            The trainer cannot restore what was stored.
        UserError
            There is no trainer of that name here.
        """
        trainer = (resolve or _default_resolve())(bundle.trainer)
        if not callable(getattr(trainer, "restore", None)):
            raise ModelFolderError(f"model: trainer {bundle.trainer!r} must have a method restore(config, arrays)")
        try:
            return cls(bundle, trainer.restore(dict(bundle.config), dict(bundle.arrays)))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
            raise ModelFolderError(f"model: trainer {bundle.trainer!r} cannot restore it ({problem})") from error

    @classmethod
    def from_folder(cls, folder: Path, digest: str | None = None, resolve: Resolve | None = None) -> Self:
        """Load a model folder, or a download that holds one, and restore the model.

        Raises as `hpsearch.model.source.find`, `hpsearch.model.bundle.load` and `from_bundle`.
        """
        return cls.from_bundle(load(find(Path(folder)), digest), resolve)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the labels, or for regression the targets, of raw rows.

        Parameters
        ----------
        X : (rows, features) array; or a DataFrame that has the features' columns, in any order and among others

        Returns
        -------
        (rows,) labels of the type they had in the data, or float64

        Raises
        ------
        DataError
            A column is missing, the shape is another, or a cell is not a finite number.
        TrainerError
            The model answers with something else than codes of its classes.
        """
        transformed = self._transformed(X)
        predicted = np.asarray(self.model.predict(transformed))
        self._check_shape("predict", predicted, (len(transformed),))
        return self._labels(predicted) if self.classes else predicted.astype(np.float64)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of every class for raw rows; parameters and errors as `predict`.

        Returns
        -------
        (rows, classes) float64, columns in the order of `classes`
        """
        if not self.classes:
            raise DataError("predict: probabilities need classes, got a model for regression")
        transformed = self._transformed(X)
        probabilities = np.asarray(self.model.predict_proba(transformed), dtype=np.float64)
        self._check_shape("predict_proba", probabilities, (len(transformed), len(self.classes)))
        return probabilities

    @property
    def inside(self) -> Callable[[Any], Mapping[str, NDArray[Any]]] | None:
        """What shows each layer's outputs for raw rows, by name; None for a model that does not let one look inside."""
        look = getattr(self.model, "activations", None)
        return (lambda X: look(self._transformed(X))) if callable(look) else None

    def _transformed(self, X: Any) -> NDArray[np.float64]:
        raw = finite_features(_columns(X, self.features, self.bundle.image_shape), self.features, "predict")
        return self.bundle.transform.apply(raw)

    def _labels(self, codes: NDArray[Any]) -> NDArray[Any]:
        if codes.dtype.kind not in "iu" or (codes.size and not 0 <= codes.min() <= codes.max() < len(self.classes)):
            known = f"whole numbers from 0 to {len(self.classes) - 1}"
            raise TrainerError(f"trainer {self.bundle.trainer!r}: predict must return {known}, got {codes[:5]}")
        labels: NDArray[Any] = np.asarray(self.classes)[codes]
        return labels

    def _check_shape(self, method: str, answer: NDArray[Any], shape: tuple[int, ...]) -> None:
        if answer.shape != shape:
            raise TrainerError(f"trainer {self.bundle.trainer!r}: {method} must return {shape}, got {answer.shape}")


def _columns(X: Any, features: tuple[str, ...], image_shape: tuple[int, int] | None) -> Any:
    """Return `X` with the model's columns in the model's order."""
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        return _by_name(X, features)
    if isinstance(X, Mapping) or hasattr(X, "columns"):
        raise DataError(f"predict: rows must be an array or a pandas DataFrame, got {type(X).__name__}")
    array = np.asarray(X)
    if array.ndim == 3 and array.shape[1:] == image_shape:
        array = array.reshape(len(array), array.shape[1] * array.shape[2])
    if array.ndim != 2 or array.shape[1] != len(features):
        raise DataError(f"predict: rows must have shape (rows, {len(features)}), got {array.shape}")
    return array


def _by_name(frame: Any, features: tuple[str, ...]) -> Any:
    names = [str(column) for column in frame.columns]
    missing = [name for name in features if name not in names]
    if missing:
        listed = ", ".join(map(repr, missing[:10])) + (", …" if len(missing) > 10 else "")
        guess = nearest(missing[0], names)
        raise DataError(
            f"predict: every feature needs its column, missing {listed}{guess}; got: {', '.join(names[:50])}"
        )
    twice = [name for name in features if names.count(name) > 1]
    if twice:
        raise DataError(f"predict: column names must be unique, got {twice[0]!r} more than once")
    return frame.iloc[:, [names.index(name) for name in features]]


def _default_resolve() -> Resolve:
    from hpsearch.training.loader import resolve_stored

    return resolve_stored
