"""Gathers what `diagnosis` looks at, from the study and the winner's record."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpsearch.diagnosis import Evidence
from hpsearch.errors import HpsearchError
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.loader import build
from hpsearch.trial import Curve, TrialRecord


def evidence(
    ready: PreparedSweep, study: Study, best: TrialRecord | None, curve: Curve, score: Score | None
) -> Evidence:
    """Return the finished sweep as the findings see it; cheap also for thousands of trials."""
    spec, baseline = ready.spec, score.baseline if score else None
    return Evidence(
        space=spec.space,
        settings=spec.settings,
        metric=spec.search.metric or "",
        maximize=spec.search.maximize,
        trials=tuple(trial for trial in study.trials() if trial.state is not None),
        best=best,
        curve=curve,
        validation_rows=len(ready.data.validation),
        largest_class=_largest_class(ready),
        baseline=baseline.validation if baseline else None,
        accepts=lambda name, value: _accepts(ready, best, name, value),
    )


def _largest_class(ready: PreparedSweep) -> float:
    y = ready.data.train.y
    return float(np.bincount(y).max()) / len(y) if ready.data.classes else 0.0


def _accepts(ready: PreparedSweep, best: TrialRecord | None, name: str, value: Any) -> bool:
    settings = {**ready.spec.settings, **(best.params if best else {}), name: value}
    try:
        build(ready.spec.trainer, settings, 0, ready.data.image_shape)
    except HpsearchError:
        return False
    return True
