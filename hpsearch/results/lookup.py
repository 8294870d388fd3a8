"""Looks sweeps up, in MLflow alone: what `list`, `status`, `best` and `trials` show.

A client needs no access to the study for it. A sweep that says it runs while nobody drives it was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import UnknownSweep, nearest
from hpsearch.locking.file_lease import held
from hpsearch.study.pareto_front import front, front_json, knee
from hpsearch.sweep.conclude.baseline import Baseline
from hpsearch.tracking import open_store_at
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.trial import Counts, State, TrialRecord

_RUNNING = "running"


@dataclass(frozen=True)
class SweepView:
    """One sweep as MLflow shows it; `test` holds the metrics of the test rows, once the winner was scored."""

    name: str
    state: str
    budget: int
    counts: Counts
    running: int
    best: TrialRecord | None
    best_run: str | None
    metric: str
    test: dict[str, float]
    model: str | None
    digest: str | None
    run_id: str
    tracking_uri: str
    seconds: dict[str, float]
    confirm: dict[str, Any] | None = None
    trained_on: str | None = None
    front: tuple[TrialRecord, ...] = ()
    baseline: Baseline | None = None
    diagnosis: tuple[str, ...] | None = None  # None before a sweep's end

    @property
    def refit(self) -> bool:
        """Whether the model was trained on the validation rows, too."""
        return (self.trained_on or "").endswith("(refit)")

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        best = self.best
        return {
            "sweep": self.name,
            "state": self.state,
            "budget": self.budget,
            "trials": {"complete": self.counts.complete, "pruned": self.counts.pruned, "failed": self.counts.failed},
            "running": self.running,
            "metric": self.metric,
            "best": best
            and {"number": best.number, "value": best.value, "params": best.params, "run_id": self.best_run},
            "test": {name.removeprefix("test_"): value for name, value in self.test.items()} or None,
            "baseline": self.baseline and self.baseline.as_json(),
            "diagnosis": None if self.diagnosis is None else list(self.diagnosis),
            "confirm": self.confirm,
            "trained_on": self.trained_on,
            "model_uri": self.model,
            "tracking_uri": self.tracking_uri,
            "run_id": self.run_id,
            "front": [front_json(trial) for trial in self.front] or None,
            "seconds": self.seconds or None,
        }


class Lookup:
    """Reads the sweeps of one tracking store."""

    def __init__(self, addresses: Addresses, driven: Callable[[str], bool | None] | None = None) -> None:
        """Read the store at `addresses`; `driven` says whether a sweep has a driver elsewhere (None: cannot tell)."""
        self._addresses, self._driven_elsewhere = addresses, driven
        self._store = open_store_at(addresses)

    @property
    def store(self) -> TrackingStore:
        """The store that is read."""
        return self._store

    def names(self) -> list[str]:
        """List the sweeps' names, the newest first."""
        return [run.tags["hpsearch.sweep"] for run in self._store.find_runs({"hpsearch.kind": "sweep"})]

    def sweep(self, name: str) -> SweepView:
        """Return one sweep.

        Raises
        ------
        UnknownSweep
            If there is none of that name.
        """
        return self._view(self._run(name))

    def _run(self, name: str) -> RunView:
        runs = list(self._store.find_runs({"hpsearch.kind": "sweep", "hpsearch.sweep": name}))
        if not runs:
            known = self.names()
            listed = ", ".join(sorted(known)) or "none"
            where = self._store.uri
            raise UnknownSweep(f"{name}: no such sweep in {where}{nearest(name, known)}; there are: {listed}")
        return runs[0]

    def trials(self, name: str) -> list[TrialRecord]:
        """Return every trial of a sweep in the order of their numbers."""
        run = self._run(name)
        words, live = _words(run), self._state(run) == _RUNNING
        return sorted((_record(trial, words, live) for trial in self._trial_runs(name)), key=lambda one: one.number)

    def _trial_runs(self, name: str) -> Iterable[RunView]:
        return self._store.find_runs({"hpsearch.kind": "trial", "hpsearch.sweep": name})

    def _view(self, run: RunView) -> SweepView:
        name, state = run.tags["hpsearch.sweep"], self._state(run)
        words, live = _words(run), state == _RUNNING
        runs = {int(trial.tags["hpsearch.trial"]): trial for trial in self._trial_runs(name)}
        records = [_record(trial, words, live) for trial in runs.values()]
        states = [record.state for record in records]
        baseline, diagnosis = (
            json.loads(run.tags.get(f"hpsearch.{what}", "null")) for what in ("baseline", "diagnosis")
        )
        confirm = json.loads(run.tags.get("hpsearch.confirm", "null"))
        aims: dict[str, bool] = json.loads(run.tags.get("hpsearch.aims", "{}"))
        found = front(records, aims) if aims else []
        best = knee(found, aims) if aims else _best(records, maximize=run.tags.get("hpsearch.direction") != "minimize")
        if confirm is not None:
            best = next((record for record in records if record.number == confirm["trial"]), best)
        return SweepView(
            name=name,
            state=state,
            budget=int(run.tags.get("hpsearch.budget", len(records))),
            counts=Counts(*(states.count(state) for state in State)),
            running=sum(live and trial.status == "RUNNING" for trial in runs.values()),
            best=best,
            best_run=runs[best.number].run_id if best is not None else None,
            metric=run.params.get("metric", ""),
            test={key: value for key, value in run.metrics.items() if key.startswith("test_")},
            model=run.tags.get("hpsearch.model"),
            digest=run.tags.get("hpsearch.digest"),
            run_id=run.run_id,
            tracking_uri=self._store.uri,
            seconds={n.removeprefix("seconds_"): v for n, v in run.metrics.items() if n.startswith("seconds_")},
            confirm=confirm,
            trained_on=run.tags.get("hpsearch.trained_on"),
            front=tuple(found),
            baseline=baseline and Baseline(**baseline),
            diagnosis=None if diagnosis is None else tuple(diagnosis),
        )

    def _state(self, run: RunView) -> str:
        state = run.tags.get("hpsearch.state", run.status.lower())
        return "interrupted" if state == _RUNNING and self._driven(run.tags["hpsearch.sweep"]) is False else state

    def _driven(self, name: str) -> bool | None:
        """Whether anybody drives a sweep now, here or elsewhere; None where that cannot be told."""
        here = self._driven_here(name)
        return here if here or self._driven_elsewhere is None else self._driven_elsewhere(name)

    def _driven_here(self, name: str) -> bool | None:
        folder, addresses = self._addresses.sweep(name), self._addresses
        try:
            if held(folder) is not None:
                return True
        except OSError:
            return None  # another user's
        # A study in a database server may be driven from another machine, a sweep without a folder as well.
        ours = addresses.local or (addresses.storage.startswith("sqlite") and folder.is_dir())
        return False if ours else None


def _best(records: Iterable[TrialRecord], maximize: bool) -> TrialRecord | None:
    complete = [record for record in records if record.state is State.COMPLETE and record.value is not None]
    sign = -1 if maximize else 1
    return min(complete, key=lambda record: (sign * (record.value or 0.0), record.number), default=None)


def _words(run: RunView) -> frozenset[str]:
    """Return the parameters that are words, whatever they look like."""
    return frozenset(json.loads(run.tags.get("hpsearch.words", "[]")))


def _record(run: RunView, words: Set[str], live: bool) -> TrialRecord:
    """Read a trial's run; `live` tells that the sweep may have a driver, without which no trial runs."""
    state = run.tags.get("hpsearch.state", "")
    ended = state in set(State) and run.status != "RUNNING"
    # What was interrupted waits to begin again; MLflow keeps both times of the try before.
    begun = ended or (live and run.status == "RUNNING")
    return TrialRecord(
        number=int(run.tags["hpsearch.trial"]),
        state=State(state) if ended else None,
        value=run.metrics.get("value") if state == State.COMPLETE else None,
        params={name: text if name in words else _plain(text) for name, text in run.params.items()},
        epoch=_whole(run.tags.get("hpsearch.epoch")),
        reason=run.tags.get("hpsearch.reason", ""),
        started_ms=run.started_ms if begun else None,
        ended_ms=run.ended_ms if ended else None,
        epochs=_whole(run.tags.get("hpsearch.epochs")),
        values={n.removeprefix("value."): v for n, v in run.metrics.items() if n.startswith("value.")},
        worker=run.tags.get("hpsearch.worker", ""),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _plain(text: str) -> Any:
    """Read a parameter back: JSON where it is JSON, else a word."""
    with suppress(ValueError):
        return json.loads(text)
    return text
