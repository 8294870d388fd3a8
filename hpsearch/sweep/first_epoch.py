"""Lets our own trainers train one epoch on a handful of rows before anything is begun.

What settings, data and metric have to do with each other, only training tells: a pooling too large for the images, a
sigmoid for three classes, a metric that nobody measures. Trainers of somebody else's are not run here: they may leave
marks. Used by `prepare`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.prepare import Prepared
from hpsearch.errors import SpecError, unknown
from hpsearch.spec import SweepSpec
from hpsearch.spec.objectives import PARAMETERS
from hpsearch.training.loader import build, chosen
from trainers import TRAINERS

_ROWS_A_CLASS, _ROWS = 2, 8


def handful(data: Prepared) -> NDArray[np.intp]:
    """Pick the first rows of every class; for regression the first eight."""
    y = data.train.y
    if not data.classes:
        return np.arange(min(_ROWS, len(y)))
    return np.concatenate([np.flatnonzero(y == code)[:_ROWS_A_CLASS] for code in range(len(data.classes))])


def try_first_epochs(spec: SweepSpec, data: Prepared, points: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Train one epoch at each of `points`, (place in the spec, settings).

    Raises
    ------
    SpecError
        If a trainer of ours cannot train so on such data, or does not measure what is searched for.
    """
    for where, settings in points:
        name, _ = chosen(spec.trainer, settings)
        if name in TRAINERS:
            _check_metrics(spec, name, _first_epoch(spec, data, where, settings))


def _first_epoch(spec: SweepSpec, data: Prepared, where: str, settings: dict[str, Any]) -> Mapping[str, float]:
    rows = handful(data)
    X, y = data.train.X[rows], data.train.y[rows]
    trainer = build(spec.trainer, settings, seed=0, image_shape=data.image_shape)
    epochs = trainer.train(X, y, X, y, classes=len(data.classes))
    try:
        with np.errstate(all="ignore"):
            return next(epochs)
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise SpecError(f"{where}: {chosen(spec.trainer, settings)[0]} cannot train on these data: {reason}") from None
    finally:
        epochs.close()


def _check_metrics(spec: SweepSpec, trainer: str, measured: Mapping[str, float]) -> None:
    for place, metric in enumerate(spec.search.metrics):
        if metric not in measured and not (place and metric == PARAMETERS):
            raise SpecError(unknown("search.metric", f"metric of {trainer}", metric, list(measured)))
