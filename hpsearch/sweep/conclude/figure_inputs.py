"""Gathers what the pictures of a sweep are drawn from; `figures` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.data.labels import Label
from hpsearch.figures import FigureInputs
from hpsearch.model.predictor import Predictor
from hpsearch.sweep.conclude.gallery import Gallery
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.loader import chosen, resolve, settings_of
from hpsearch.trial import Curve, TrialRecord


def figure_inputs(
    ready: PreparedSweep,
    trials: Any,
    best: TrialRecord,
    curve: Curve,
    predictor: Predictor,
    rows: Rows,
    predicted: NDArray[Any],
    gallery: Gallery | None = None,
    front: Sequence[TrialRecord] = (),
) -> FigureInputs:
    """Return the sweep, its trials, and its winner's model, curve and scored test rows; `front` of several aims."""
    spec, classes = ready.spec, predictor.classes
    return FigureInputs(
        name=spec.name,
        metric=spec.search.metric or "",
        maximize=spec.search.maximize,
        space=spec.space,
        trials=trials,
        best=best.number,
        params=_settings(ready, best),
        curve=curve,
        epoch=best.epoch,
        classes=classes,
        features=predictor.features,
        image_shape=ready.data.image_shape,
        predict=predictor.predict,
        predict_proba=predictor.predict_proba if classes else None,
        inside=predictor.inside,
        X_test=rows.X,
        y_test=_labels(rows, classes, predicted.dtype),
        y_pred=predicted,
        arrays=predictor.bundle.arrays,
        aims=spec.search.maximizes,
        front=[trial.number for trial in front],
        **_of_the_gallery(gallery or Gallery(), classes, predicted.dtype),
    )


def _of_the_gallery(gallery: Gallery, classes: tuple[Label, ...], dtype: Any) -> dict[str, Any]:
    """Return what the gallery's pictures need: its models, and the rows they are compared on."""
    inputs: dict[str, Any] = {"gallery_of": gallery.choice, "gallery": gallery.models}
    if gallery.rows is not None:
        inputs |= {"X_gallery": gallery.rows.X, "y_gallery": _labels(gallery.rows, classes, dtype)}
    return inputs


def _settings(ready: PreparedSweep, best: TrialRecord) -> dict[str, Any]:
    """Return all settings of a trial, those that the spec leaves to the trainer as well."""
    trainer, settings = chosen(ready.spec.trainer, {**ready.spec.settings, **best.params})
    return {setting.name: setting.default for setting in settings_of(resolve(trainer))} | settings


def _labels(rows: Rows, classes: tuple[Label, ...], dtype: Any) -> NDArray[Any]:
    """Return the labels of rows, or their targets where there are no classes."""
    return np.array([classes[code] for code in rows.y], dtype=dtype) if classes else rows.y
