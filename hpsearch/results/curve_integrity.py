"""Holds every finished trial's curve against what the study and MLflow say of the trial.

The curve in ``curves.parquet`` must have the trial's epochs, reach its value, and end where MLflow's points end. Used
by `integrity`. Files on this machine are read in place; others are fetched side by side.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from hpsearch.errors import StoreError
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.tracking.schema import CURVE_LOST, Artifact, Tag
from hpsearch.tracking.spool import read_curve
from hpsearch.trial import Curve, State, TrialRecord

_SIDE_BY_SIDE = 8


def lost(run: RunView) -> bool:
    """Whether it is known that a run's curve is lost: with the disk of an earlier driver."""
    return run.tags.get(Tag.CURVE) == CURVE_LOST


def curve_problems(store: TrackingStore, pairs: Iterable[tuple[TrialRecord, RunView]], metric: str) -> list[str]:
    """Return what does not hold of the curves of finished trials, one sentence each.

    Parameters
    ----------
    pairs : each finished trial of the study with its run
    metric : the name of the metric that the search looks at
    """

    def problems_of(pair: tuple[TrialRecord, RunView]) -> list[str]:
        trial, run = pair
        try:
            curve = _curve_of(store, run)
        except (StoreError, OSError, pa.ArrowException) as error:
            message = " ".join(str(error).split())
            return [f"trial {trial.number}: its {Artifact.CURVES} cannot be read: {message}"]
        texts = [*_against_study(trial, run.tags, curve, metric), *_against_points(store, run, curve)]
        return [f"trial {trial.number}: {text}" for text in texts]

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return [text for texts in pool.map(problems_of, pairs) for text in texts]


def _curve_of(store: TrackingStore, run: RunView) -> Curve:
    here = Path(run.artifacts.removeprefix("file://"), Artifact.CURVES)
    if here.is_absolute() and here.is_file():
        return read_curve(here)
    with tempfile.TemporaryDirectory() as place:
        return read_curve(store.fetch(run.run_id, Artifact.CURVES, Path(place)))


def _against_study(trial: TrialRecord, tags: Mapping[str, str], curve: Curve, metric: str) -> list[str]:
    """Compare a curve with the number of epochs and with the value that the study was told."""
    epochs = tags.get(Tag.EPOCHS) if trial.epochs is None else str(trial.epochs)  # older studies have none
    if epochs is not None and str(curve.epochs) != epochs:
        return [f"its {Artifact.CURVES} must have a row for each of its {epochs} epochs, got {curve.epochs}"]
    if trial.state is not State.COMPLETE or not trial.epoch or metric not in curve.names:
        return []
    if trial.epoch > curve.epochs:
        return [f"its value is of epoch {trial.epoch}, its {Artifact.CURVES} has {curve.epochs}"]
    value = curve.at(metric, trial.epoch)
    if value == trial.value:
        return []
    return [f"its {metric} is {trial.value!r} in the study, {value!r} at epoch {trial.epoch} of its {Artifact.CURVES}"]


def _against_points(store: TrackingStore, run: RunView, curve: Curve) -> list[str]:
    """Compare the last row with MLflow's last points."""
    problems = []
    for name in curve.names if curve.epochs else ():
        last = curve.at(name, curve.epochs)
        # Points of an earlier attempt, which got further, may stand behind those of this one.
        if run.metrics.get(name) != last and (curve.epochs, last) not in store.history(run.run_id, name):
            shown = run.metrics.get(name)
            problems.append(f"its {name} ends at {last!r} in {Artifact.CURVES}, in MLflow at {shown!r}")
    return problems
