"""Trains one recorded trial again, in this process, and compares its curve with the recorded one, bit for bit.

Everything comes from the trial's record in MLflow: parameters, seed, spec; the data must have the recorded
fingerprint. Nothing is written. The command line shows the `Comparison`.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hpsearch.config.addresses import Addresses
from hpsearch.errors import DataError, HpsearchError, SpecError, UnknownSweep
from hpsearch.execution.in_process import InProcess
from hpsearch.results.lookup import Lookup
from hpsearch.spec import LoadedSpec, SweepSpec
from hpsearch.spec.values import value
from hpsearch.study.study import Study
from hpsearch.sweep.finalists.repeats import Repeated, Repeats
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.provenance import changes, provenance
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.tracking.schema import Artifact, Tag, trial_tags
from hpsearch.tracking.spool import read_curve
from hpsearch.trial import Curve, State, Suggestion

_UNEXPLAINED = (
    "versions and processor are the recorded ones, so the trainer takes something in besides its seed and its data "
    "(threads, the clock, a global generator), or the worker ran on another kind of machine"
)


@dataclass(frozen=True)
class Difference:
    """A metric of one epoch that came out differently; `recorded` or `now` is None where one curve is shorter."""

    epoch: int
    metric: str
    recorded: float | None
    now: float | None


@dataclass(frozen=True)
class Comparison:
    """How the curve of a trial trained again compares with its record."""

    sweep: str
    trial: int
    epochs: int
    equal: bool
    first: Difference | None = None
    largest: Difference | None = None
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        return asdict(self)


def rerun(addresses: Addresses, name: str, number: int, folder: Path | None = None) -> Comparison:
    """Train a trial again and compare.

    Parameters
    ----------
    folder : where the spec's relative paths begin; by default where the sweep was begun, else the current one

    Raises
    ------
    UnknownSweep
        If there is no such sweep or trial, or the trial has no curve to compare with.
    DataError
        If the data are not the recorded ones.
    """
    lookup = Lookup(addresses)
    sweep, run = lookup.store.run(lookup.sweep(name).run_id), _run_of(lookup, name, number)
    spec, recorded = _spec(lookup.store, sweep.run_id), _recorded(lookup.store, run)
    ready = prepare_sweep(LoadedSpec(spec, folder or _begun_in(addresses, name)))
    fingerprint = sweep.tags.get(Tag.DATA_FINGERPRINT, "")
    if ready.data.fingerprint != fingerprint:
        raise DataError(
            f"{name}: data: must be the rows the sweep was begun with (fingerprint {fingerprint[:12]}), got "
            f"{ready.data.fingerprint[:12]}; --folder names the folder of its spec"
        )
    complete = run.tags.get(Tag.STATE) == State.COMPLETE
    curve, trouble = _trained(ready, _suggestion(spec, run, number), None if complete else recorded.epochs)
    first, largest = compare(recorded, curve)
    reasons = [trouble] if trouble else []
    if first is not None:
        reasons += changes(sweep.tags, provenance(ready)) or ([] if trouble else [_UNEXPLAINED])
    return Comparison(name, number, recorded.epochs, first is None, first, largest, tuple(reasons))


def compare(recorded: Curve, now: Curve) -> tuple[Difference | None, Difference | None]:
    """Return the first and the largest difference of two curves, None and None where every bit is equal."""
    names = [*recorded.names, *(name for name in now.names if name not in recorded.names)]
    before, after, both = _column_pairs(recorded, names), _column_pairs(now, names), min(recorded.epochs, now.epochs)
    differs = before[:both].view(np.uint64) != after[:both].view(np.uint64)
    unequal = np.argwhere(differs)
    if len(unequal):
        sizes = np.where(differs, np.nan_to_num(np.abs(before[:both] - after[:both]), nan=np.inf), -1.0)
        largest = np.unravel_index(int(sizes.argmax()), sizes.shape)
        epoch, column = unequal[0]
        return (
            _difference(names, before, after, int(epoch), int(column)),
            _difference(names, before, after, int(largest[0]), int(largest[1])),
        )
    if recorded.epochs == now.epochs:
        return None, None
    ended = _difference(names, before, after, both, 0)
    return ended, ended


def _column_pairs(curve: Curve, names: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the curve's values in the order of `names`, NaN for a metric that it has not."""
    empty = np.full(curve.epochs, np.nan)
    columns = [curve.values[:, curve.names.index(name)] if name in curve.names else empty for name in names]
    return np.ascontiguousarray(np.stack(columns, axis=1)) if columns else np.empty((curve.epochs, 0))


def _difference(names: list[str], before: Any, after: Any, row: int, column: int) -> Difference:
    def at(values: Any) -> float | None:
        return float(values[row, column]) if row < len(values) and not np.isnan(values[row, column]) else None

    return Difference(row + 1, names[column], at(before), at(after))


def _trained(ready: PreparedSweep, suggestion: Suggestion, until: int | None) -> tuple[Curve, str]:
    """Train with one thread, as workers do; return the curve and, if the trainer failed, how.

    Without the time limit of a trial: this machine may be slower than the one that trained it, or have other work.
    """
    untimed = replace(ready, spec=ready.spec.model_copy(update={"trial_timeout_seconds": None}))
    endings: list[Repeated] = []
    repeats = Repeats(_in_process, threading.Event(), lambda: None, lambda message: None)
    repeats.run(untimed, [suggestion], endings.append, until)
    (repeated,) = endings
    return repeated.curve, repeated.outcome.reason if repeated.outcome.state is State.FAILED else ""


def _in_process(ready: PreparedSweep) -> InProcess:
    return InProcess(ready.assignment(), workers=1)


def _run_of(lookup: Lookup, name: str, number: int) -> RunView:
    run = next(iter(lookup.store.find_runs(trial_tags(name, number))), None)
    if run is None:
        numbers = [trial.number for trial in lookup.trials(name)]
        choices = f"{min(numbers)} to {max(numbers)}" if numbers else "none"
        raise UnknownSweep(f"{name}: no such trial: {number}; there are: {choices}")
    if run.tags.get(Tag.STATE) not in set(State):
        raise UnknownSweep(f"{name}: trial {number} has not ended yet")
    return run


def _recorded(store: TrackingStore, run: RunView) -> Curve:
    with tempfile.TemporaryDirectory() as place:
        try:
            curve = read_curve(store.fetch(run.run_id, Artifact.CURVES, Path(place)))
        except HpsearchError as error:
            raise UnknownSweep(f"{run.name}: has no {Artifact.CURVES} to compare with: {error}") from None
    if not curve.epochs:
        raise UnknownSweep(f"{run.name}: ended before its first epoch, so there is no curve to compare with")
    return curve


def _spec(store: TrackingStore, run_id: str) -> SweepSpec:
    with tempfile.TemporaryDirectory() as place:
        content = store.fetch(run_id, Artifact.SPEC, Path(place)).read_text(encoding="utf-8")
    return SweepSpec.model_validate_json(content)


def _suggestion(spec: SweepSpec, run: RunView, number: int) -> Suggestion:
    params = {name: value(text, spec.space.get(name)) for name, text in run.params.items()}
    try:
        seed = int(run.tags[Tag.SEED])
    except KeyError:
        raise SpecError(f"{run.name}: has no tag {Tag.SEED}; its record was lost with an earlier driver") from None
    return Suggestion(number, params, {**spec.settings, **params}, seed)


def _begun_in(addresses: Addresses, name: str) -> Path:
    """Return the folder the sweep was begun in, if its study is within reach of this machine."""
    try:
        if Study.exists(addresses.storage, name):
            return Path(Study.load(addresses.storage, name).attributes["folder"])
    except HpsearchError:
        pass
    return Path.cwd()
