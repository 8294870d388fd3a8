"""Which run each trial of a sweep has, and the steps that write on it: open, show, deliver, interrupt.

Owned by one thread, the recorder's, which repeats a step that failed: so each looks up what may have happened before
it does it again, and writing twice stores once. `writer` decides when, `store` calls MLflow.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hpsearch.errors import StoreError
from hpsearch.tracking.interface import Point, RunView, TrackingStore
from hpsearch.tracking.points import curve_points, epoch_points, marked
from hpsearch.tracking.schema import (
    CURVE_LOST,
    Artifact,
    Metric,
    Status,
    Tag,
    number_of,
    sweep_tags,
    trial_tags,
    value_metrics,
)
from hpsearch.tracking.spool import Delivery, Entry, read_curve
from hpsearch.trial import State

INTERRUPTED = "interrupted"  # the state of a trial that runs again


@dataclass(frozen=True)
class SweepRun:
    """The sweep's own run: where its trials' runs hang."""

    name: str
    experiment: str
    run_id: str
    started_ms: int


@dataclass(frozen=True)
class _Run:
    run_id: str
    started_ms: int


class TrialRuns:
    """The trials' runs; `check` is called before every call to MLflow and raises once nothing may be written."""

    def __init__(self, store: TrackingStore, sweep: SweepRun, check: Callable[[], None]) -> None:
        self._unchecked, self._sweep, self._check = store, sweep, check
        self._runs: dict[int, _Run] = {}
        self._earlier: dict[int, RunView] = {}  # as an earlier driver left them, until this one writes on them
        self._doubtful = False  # a run may be there that this driver does not know of

    @property
    def _store(self) -> TrackingStore:
        self._check()
        return self._unchecked

    def find(self) -> list[RunView]:
        """Return the runs that MLflow has."""
        return list(self._store.find_runs(trial_tags(self._sweep.name), self._sweep.experiment))

    def know(self, runs: Iterable[RunView]) -> None:
        """Use these runs again."""
        for run in runs:
            number = number_of(run.tags)
            self._runs[number], self._earlier[number] = _Run(run.run_id, run.started_ms), run

    def doubt(self) -> None:
        """After a failure nobody knows whether a run was created: that is looked up before one is."""
        self._doubtful = True

    def open(self, number: int, started_ms: int, params: Mapping[str, str]) -> None:
        """Show a trial as RUNNING."""
        self._give_way(number, params, "")
        known = number in self._runs
        run = self._run_of(number, started_ms)
        if known:
            self._store.reopen_run(run.run_id)
        self._store.write(run.run_id, params=params)
        self._earlier.pop(number, None)

    def show(self, number: int, points: Sequence[Point]) -> None:
        """Write points of a trial that runs; of one without a run they come with its delivery."""
        if number in self._runs:
            self._store.write(self._runs[number].run_id, points)

    def deliver(self, delivery: Delivery) -> None:
        """Write all there is of a finished trial and close its run."""
        entry = delivery.entry
        self._give_way(entry.number, entry.params, entry.tags.get(Tag.STATE, ""))
        known = entry.number in self._runs
        run = self._run_of(entry.number, entry.started_ms)
        tags, files = dict(entry.tags), delivery.files
        if tags.get(Tag.CURVE) == CURVE_LOST:
            files = tuple(path for path in files if path.name != Artifact.CURVES)  # nothing, which replaces nothing
            if known and self._holds_curve(run.run_id, tags.get(Tag.EPOCHS)):
                del tags[Tag.CURVE]
        self._store.write(run.run_id, _points(delivery, run.started_ms), entry.params, tags)
        for path in files:
            self._store.put_file(run.run_id, path)
        self._store.end_run(run.run_id, entry.status, entry.ended_ms)
        self._earlier.pop(entry.number, None)

    def interrupt(self, number: int, started_ms: int, reason: str) -> None:
        """Show an unfinished trial as KILLED; the same run is used when the trial runs again."""
        run = self._run_of(number, started_ms)
        self._store.write(run.run_id, tags={Tag.STATE: INTERRUPTED, Tag.REASON: reason})
        self._store.end_run(run.run_id, Status.KILLED)

    def show_best(self, best: Iterable[tuple[float, int]]) -> None:
        """Bring the sweep's own curve, the best value after so many finished trials, up to date."""
        points = [
            point
            for value, count in best
            for point in epoch_points({Metric.BEST_VALUE: value}, self._sweep.started_ms, count)
        ]
        self._store.write(self._sweep.run_id, points)

    def touch(self) -> None:
        """Write what the sweep's run says already, to see whether MLflow takes anything of this sweep."""
        self._store.write(self._sweep.run_id, tags=sweep_tags(self._sweep.name))

    def _run_of(self, number: int, started_ms: int) -> _Run:
        if number not in self._runs and self._doubtful:
            self._look()
        if number not in self._runs:
            tags, experiment = trial_tags(self._sweep.name, number), self._sweep.experiment
            run_id = self._store.create_run(experiment, f"trial-{number:04d}", tags, started_ms, self._sweep.run_id)
            self._runs[number] = _Run(run_id, started_ms)
        return self._runs[number]

    def _look(self) -> None:
        """Find the runs whose creation succeeded although its answer was lost."""
        for run in self.find():
            self._runs[number_of(run.tags)] = _Run(run.run_id, run.started_ms)
        self._doubtful = False

    def _give_way(self, number: int, params: Mapping[str, str], state: str) -> None:
        """Take away the run of a trial that the study has lost: a power cut, or a backup that was put back.

        The trial of that number was asked for anew, and MLflow lets nobody change a run's parameters or take its
        points back. `state` is how the trial ended, empty where it begins.
        """
        run = self._earlier.get(number)
        if run is None:
            return
        other = any(params.get(name) != value for name, value in run.params.items())
        if other or ended(run) not in ("", state):
            self._store.delete_run(run.run_id)
            del self._runs[number], self._earlier[number]

    def _holds_curve(self, run_id: str, epochs: str | None) -> bool:
        """Whether the run has the trial's whole curve: an earlier driver died after it was stored."""
        with tempfile.TemporaryDirectory() as place:
            try:
                curve = read_curve(self._store.fetch(run_id, Artifact.CURVES, Path(place)))
            except StoreError:
                self._store.run(run_id)  # which fails, too, where MLflow does not answer
                return False
        return curve.epochs > 0 and epochs in (None, str(curve.epochs))


def ended(run: RunView) -> str:
    """Return how the trial of a run ended, empty for one that runs or was interrupted."""
    state = run.tags.get(Tag.STATE, "")
    return state if run.status != Status.RUNNING and state in set(State) else ""


def recorded(run: RunView, entry: Entry) -> bool:
    """Whether a run holds all of an entry: it was closed with that, which comes last."""
    attempts = [tags.get(Tag.ATTEMPT) for tags in (run.tags, entry.tags)]
    closed = (run.status, ended(run), run.ended_ms) == (entry.status, entry.tags.get(Tag.STATE), entry.ended_ms)
    return closed and attempts[0] == attempts[1]


def _points(delivery: Delivery, started_ms: int) -> list[Point]:
    entry, curve = delivery.entry, delivery.curve
    points = curve_points(curve, started_ms, marked(curve.epochs))
    if entry.value is not None:
        points += epoch_points(value_metrics(entry.value, entry.values), started_ms, entry.epoch)
    return points
