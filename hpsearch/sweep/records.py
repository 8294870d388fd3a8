"""How a finished trial looks in MLflow: its status, parameters and tags, the same from the driver and after a crash."""

from __future__ import annotations

import time

from hpsearch.spec.values import texts
from hpsearch.tracking.schema import CURVE_LOST, Status, Tag
from hpsearch.tracking.spool import Entry
from hpsearch.trial import Outcome, State, Suggestion, TrialRecord

STATUS = {State.COMPLETE: Status.FINISHED, State.PRUNED: Status.KILLED, State.FAILED: Status.FAILED}


def now_ms() -> int:
    """Return the wall-clock time in milliseconds; shown to people, never compared."""
    return int(time.time() * 1000)


def entry_of(suggestion: Suggestion, outcome: Outcome, started_ms: int) -> Entry:
    """Describe a trial that just ended."""
    tags = {
        Tag.STATE: outcome.state.value,
        Tag.REASON: outcome.reason,
        Tag.EPOCH: str(outcome.epoch),
        Tag.EPOCHS: str(outcome.epochs),
        Tag.SEED: str(suggestion.seed),
        Tag.ATTEMPT: str(suggestion.attempt),
        Tag.WORKER: outcome.worker,
    }
    return Entry(
        number=suggestion.number,
        status=STATUS[outcome.state],
        params=texts(suggestion.params),
        tags=tags,
        value=outcome.value,
        epoch=outcome.epoch,
        started_ms=started_ms,
        ended_ms=max(now_ms(), started_ms),  # the clock may have been set back
        values=dict(outcome.values),
    )


def entry_from_study(trial: TrialRecord) -> Entry:
    """Describe a trial of which only the study knows; its curve was lost with an earlier driver's disk."""
    state = trial.state or State.FAILED
    started = trial.started_ms or now_ms()
    tags = {Tag.STATE: state.value, Tag.REASON: trial.reason, Tag.WORKER: trial.worker, Tag.CURVE: CURVE_LOST}
    counts = {Tag.EPOCH: trial.epoch, Tag.EPOCHS: trial.epochs}
    return Entry(
        number=trial.number,
        status=STATUS[state],
        params=texts(trial.params),
        tags=tags | {name: str(count) for name, count in counts.items() if count is not None},
        value=trial.value,
        epoch=trial.epoch or 0,
        started_ms=started,
        ended_ms=max(trial.ended_ms or started, started),
        values=dict(trial.values),
    )
