"""Looks sweeps up, in MLflow alone: what `list`, `status`, `best` and `trials` show.

A client needs no access to the study for it. A sweep that says it runs while nobody drives it was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import UnknownSweep, nearest
from hpsearch.locking.file_lease import held
from hpsearch.spec.values import value
from hpsearch.study.pareto_front import front, front_json, knee
from hpsearch.sweep.conclude.baseline import Baseline
from hpsearch.tracking import open_store_at
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.tracking.schema import (
    Kind,
    Metric,
    Param,
    Status,
    SweepState,
    Tag,
    number_of,
    of_family,
    sweep_tags,
    trial_tags,
    values_of,
)
from hpsearch.trial import Counts, State, TrialRecord


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
            "test": {name.removeprefix(Metric.TEST_OF): value for name, value in self.test.items()} or None,
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
        return [run.tags[Tag.SWEEP] for run in self._store.find_runs({Tag.KIND: Kind.SWEEP})]

    def sweep(self, name: str) -> SweepView:
        """Return one sweep.

        Raises
        ------
        UnknownSweep
            If there is none of that name.
        """
        return self._view(self._run(name))

    def _run(self, name: str) -> RunView:
        runs = list(self._store.find_runs(sweep_tags(name)))
        if not runs:
            known = self.names()
            listed = ", ".join(sorted(known)) or "none"
            where = self._store.uri
            raise UnknownSweep(f"{name}: no such sweep in {where}{nearest(name, known)}; there are: {listed}")
        return runs[0]

    def trials(self, name: str) -> list[TrialRecord]:
        """Return every trial of a sweep in the order of their numbers."""
        run = self._run(name)
        words, live = _words(run), self._state(run) == SweepState.RUNNING
        return sorted((_record(trial, words, live) for trial in self._trial_runs(name)), key=lambda one: one.number)

    def _trial_runs(self, name: str) -> Iterable[RunView]:
        return self._store.find_runs(trial_tags(name))

    def _view(self, run: RunView) -> SweepView:
        name, state = run.tags[Tag.SWEEP], self._state(run)
        words, live = _words(run), state == SweepState.RUNNING
        runs = {number_of(trial.tags): trial for trial in self._trial_runs(name)}
        records = [_record(trial, words, live) for trial in runs.values()]
        states = [record.state for record in records]
        baseline, diagnosis, confirm = (
            json.loads(run.tags.get(tag, "null")) for tag in (Tag.BASELINE, Tag.DIAGNOSIS, Tag.CONFIRM)
        )
        aims: dict[str, bool] = json.loads(run.tags.get(Tag.AIMS, "{}"))
        best_front = front(records, aims) if aims else []
        maximize = run.tags.get(Tag.DIRECTION) != "minimize"
        best = knee(best_front, aims) if aims else _best(records, maximize=maximize)
        if confirm is not None:
            best = next((record for record in records if record.number == confirm["trial"]), best)
        return SweepView(
            name=name,
            state=state,
            budget=int(run.tags.get(Tag.BUDGET, len(records))),
            counts=Counts(*(states.count(state) for state in State)),
            running=sum(live and trial.status == Status.RUNNING for trial in runs.values()),
            best=best,
            best_run=runs[best.number].run_id if best is not None else None,
            metric=run.params.get(Param.METRIC, ""),
            test={key: value for key, value in run.metrics.items() if key.startswith(Metric.TEST_OF)},
            model=run.tags.get(Tag.MODEL),
            digest=run.tags.get(Tag.DIGEST),
            run_id=run.run_id,
            tracking_uri=self._store.uri,
            seconds=of_family(run.metrics, Metric.SECONDS_OF),
            confirm=confirm,
            trained_on=run.tags.get(Tag.TRAINED_ON),
            front=tuple(best_front),
            baseline=baseline and Baseline(**baseline),
            diagnosis=None if diagnosis is None else tuple(diagnosis),
        )

    def _state(self, run: RunView) -> str:
        state = run.tags.get(Tag.STATE, run.status.lower())
        if state == SweepState.RUNNING and self._driven(run.tags[Tag.SWEEP]) is False:
            return SweepState.INTERRUPTED
        return state

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
    return frozenset(json.loads(run.tags.get(Tag.WORDS, "[]")))


def _record(run: RunView, words: Set[str], live: bool) -> TrialRecord:
    """Read a trial's run; `live` tells that the sweep may have a driver, without which no trial runs."""
    state = run.tags.get(Tag.STATE, "")
    ended = state in set(State) and run.status != Status.RUNNING
    # What was interrupted waits to begin again; MLflow keeps both times of the try before.
    begun = ended or (live and run.status == Status.RUNNING)
    return TrialRecord(
        number=number_of(run.tags),
        state=State(state) if ended else None,
        value=run.metrics.get(Metric.VALUE) if state == State.COMPLETE else None,
        params={name: text if name in words else value(text) for name, text in run.params.items()},
        epoch=_whole(run.tags.get(Tag.EPOCH)),
        reason=run.tags.get(Tag.REASON, ""),
        started_ms=run.started_ms if begun else None,
        ended_ms=run.ended_ms if ended else None,
        epochs=_whole(run.tags.get(Tag.EPOCHS)),
        values=values_of(run.metrics),
        worker=run.tags.get(Tag.WORKER, ""),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text else None
