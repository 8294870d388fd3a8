"""Gathers what the pictures of a sweep are drawn from; `figures` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.figures import SweepPictures
from hpsearch.figures.regions import Predict
from hpsearch.model.predictor import Predictor
from hpsearch.sweep.ready import Ready
from hpsearch.trial import Curve, TrialRecord


def material(
    ready: Ready,
    trials: Any,
    best: TrialRecord,
    curve: Curve,
    predictor: Predictor,
    rows: Rows,
    predicted: NDArray[Any],
    gallery: tuple[str, Sequence[tuple[str, Predict]]] = ("", ()),
) -> SweepPictures:
    """Return the sweep, its trials, and its winner's model, curve and scored test rows; `gallery` as that module's."""
    spec, classes = ready.spec, predictor.classes
    truth = np.array([classes[code] for code in rows.y], dtype=predicted.dtype) if classes else rows.y
    return SweepPictures(
        name=spec.name,
        metric=spec.search.metric or "",
        maximize=spec.search.maximize,
        space=spec.space,
        trials=trials,
        best=best.number,
        params={**spec.settings, **best.params},
        curve=curve,
        epoch=best.epoch,
        classes=classes,
        features=predictor.features,
        image_shape=ready.data.image_shape,
        predict=predictor.predict,
        predict_proba=predictor.predict_proba if classes else None,
        X_test=rows.X,
        y_test=truth,
        y_pred=predicted,
        arrays=predictor.bundle.arrays,
        gallery_of=gallery[0],
        gallery=gallery[1],
    )
