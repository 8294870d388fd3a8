"""Reads from MLflow what a report shows: the sweep, its spec, its trials, their curves, what lies on its run.

Nothing but MLflow is asked, so that a client without the study or the data can make a report. What is not there,
because the sweep is not finished or was made by an older version, stays empty.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from hpsearch.errors import StoreError
from hpsearch.figures import FigureInputs
from hpsearch.figures.trials.trial_curves import TrialCurve
from hpsearch.results.lookup import Lookup, SweepView
from hpsearch.spec import SweepSpec
from hpsearch.spec.values import value
from hpsearch.study.importance import importances
from hpsearch.sweep.conclude.artifacts import NOTHING
from hpsearch.sweep.conclude.best_curves import best_curves
from hpsearch.sweep.conclude.trials_table import trials_table
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.tracking.schema import Artifact, Tag, trial_tags
from hpsearch.trial import TrialRecord


@dataclass(frozen=True, eq=False)
class Source:
    """What a report is made from.

    Attributes
    ----------
    view : the sweep as every client sees it
    run : the sweep's own run: its tags say where its figures come from
    trials : one row a trial
    diagnosis : one sentence a finding
    confirm : the ranking by mean, where it was asked for
    metrics : the content of ``metrics.json``: test, validation and baseline figures
    stored : PNG bytes of the pictures that only the driver could draw, by name
    """

    view: SweepView
    run: RunView
    spec: SweepSpec
    trials: pd.DataFrame
    importance: dict[str, float]
    curves: tuple[TrialCurve, ...]
    diagnosis: tuple[str, ...]
    confirm: dict[str, Any] | None
    metrics: dict[str, Any]
    stored: dict[str, bytes]

    def pictures(self) -> FigureInputs:
        """Return what the pictures of the search are drawn from."""
        return FigureInputs(
            name=self.view.name,
            metric=self.view.metric,
            maximize=self.spec.search.maximize,
            space=self.spec.space,
            trials=self.trials,
            best=self.view.best.number if self.view.best else None,
            importance=self.importance,
            curves=self.curves,
            aims=self.spec.search.maximizes,
            front=[trial.number for trial in self.view.front],
        )


def gather(lookup: Lookup, name: str) -> Source:
    """Read everything.

    Raises
    ------
    UnknownSweep
        If there is no sweep of that name.
    StoreError
        If MLflow cannot be read.
    """
    view, store = lookup.sweep(name), lookup.store
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        spec = SweepSpec.model_validate(json.loads(store.fetch(view.run_id, Artifact.SPEC, folder).read_text("utf-8")))
        diagnosis = _text(store, view.run_id, Artifact.DIAGNOSIS, folder)
        confirm = json.loads(_text(store, view.run_id, Artifact.CONFIRM, folder) or "null")
        metrics = json.loads(_text(store, view.run_id, Artifact.METRICS, folder) or "{}")
        stored = _stored(store, view.run_id, folder)
    runs = {int(r.tags[Tag.TRIAL]): r for r in store.find_runs(trial_tags(name))}
    records = [_exact(record, runs.get(record.number), spec) for record in lookup.trials(name)]
    best = view.best.number if view.best else None

    def run_of(number: int) -> str | None:
        return runs[number].run_id if number in runs else None

    return Source(
        view=view,
        run=store.run(view.run_id),
        spec=spec,
        trials=trials_table(records, parameters=tuple(spec.space)),
        importance=importances(spec.space, records, spec.search.maximize),
        curves=tuple(best_curves(store, records, run_of, view.metric, best, maximize=spec.search.maximize)),
        diagnosis=tuple(line[2:] for line in diagnosis.splitlines() if line.startswith("- ") and line[2:] != NOTHING),
        confirm=confirm,
        metrics=metrics,
        stored=stored,
    )


def _exact(record: TrialRecord, run: RunView | None, spec: SweepSpec) -> TrialRecord:
    """Return the record with its parameters as the spec has them."""
    if run is None:
        return record
    return replace(record, params={name: value(text, spec.space.get(name)) for name, text in run.params.items()})


def _text(store: TrackingStore, run_id: str, name: str, place: Path) -> str:
    try:
        return store.fetch(run_id, name, place).read_text("utf-8")
    except StoreError:
        return ""


def _stored(store: TrackingStore, run_id: str, place: Path) -> dict[str, bytes]:
    try:
        folder = store.fetch(run_id, "figures", place)
    except StoreError:
        return {}
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}
