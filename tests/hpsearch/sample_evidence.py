"""Trials by hand: what the findings read, without a sweep."""

from __future__ import annotations

import numpy as np

from hpsearch.diagnosis import Evidence
from hpsearch.spec import Range
from hpsearch.trial import Curve, State, TrialRecord

SPACE = {"learning_rate": Range(low=1e-4, high=1.0, log=True)}


def trial(number, rate, value=0.8, *, state=State.COMPLETE, reason="", more=None, **curve_stats):
    params = {"learning_rate": rate, **(more or {})}
    curve_stats = {name.replace("__", "/"): sign for name, sign in curve_stats.items()}
    done = value if state is State.COMPLETE else None
    return TrialRecord(number, state, done, params, 10, reason, 0, 1000, 10, curve_stats)


def evidence(trials, space=None, **more):
    complete = [t for t in trials if t.state is State.COMPLETE]
    best = max(complete, key=lambda t: t.value, default=None)
    given = {"settings": {}, "metric": "val_accuracy", "maximize": True, "best": best, "validation_rows": 200}
    return Evidence(space=space or SPACE, trials=tuple(trials), **{**given, **more})


def curve(**columns):
    return Curve(tuple(columns), np.stack([np.asarray(values, dtype=float) for values in columns.values()], axis=1))
