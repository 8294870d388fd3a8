"""Optuna's trials in our words and back: records, outcomes as they are stored, trials of another sweep.

Pure functions that `stored_study`, `study` and `sampling` share; the names in what is stored stay as they are, because
studies outlive the code that wrote them.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from hpsearch.spec import SweepSpec
from hpsearch.spec.values import decoded, encoded
from hpsearch.trial import Outcome, State, TrialRecord

STATES: Mapping[State, TrialState] = {
    State.COMPLETE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
}
_OUR_STATES = {theirs: ours for ours, theirs in STATES.items()}
# Private to Optuna's successive halving, which notes the value at each rung under this prefix: the only way to tell
# what the pruner noted of a trial (kept when it ends, forgotten when it begins again) from what the sampler noted.
RUNG_NOTE = "completed_rung_"
DRAFT_ID = -1  # the number in the storage of a trial that is not stored yet


def draft(number: int) -> FrozenTrial:
    """Return trial `number` as it waits for its parameters."""
    return FrozenTrial(
        number=number,
        state=TrialState.WAITING,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=DRAFT_ID,
    )


def warm_start_trial(
    place: int, point: Mapping[str, Any], distributions: Mapping[str, BaseDistribution], sweep: str | None
) -> FrozenTrial:
    """Return the trial of another `sweep` that the study keeps at `place`, under a number below zero."""
    params = {name: encoded(value) for name, value in point["params"].items()}
    moment = datetime.datetime.fromtimestamp(0)
    return FrozenTrial(
        number=-1 - place,
        state=TrialState.COMPLETE,
        value=None,
        values=point["values"],
        datetime_start=moment,
        datetime_complete=moment,
        params=params,
        distributions={name: distributions[name] for name in params},
        user_attrs={"foreign": [sweep, point["number"]]},
        system_attrs={},
        intermediate_values={},
        trial_id=DRAFT_ID - 1 - place,
    )


def as_begun(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial as it was when it began: with its parameters, without what it reported since."""
    begun = copy.copy(trial)
    begun.state, begun.intermediate_values, begun.user_attrs = TrialState.RUNNING, {}, {}
    begun.system_attrs = {name: value for name, value in trial.system_attrs.items() if not name.startswith(RUNG_NOTE)}
    return begun


def outcome_note(outcome: Outcome) -> dict[str, Any]:
    """Return what the study stores of an outcome beside its state and values."""
    return {
        "epoch": outcome.epoch,
        "epochs": outcome.epochs,
        "reason": outcome.reason,
        "signs": dict(outcome.curve_stats),
        "clock": round(outcome.clock, 3),
        "worker": outcome.worker,
    }


def stored_values(trial: FrozenTrial, outcome: Outcome) -> list[float] | None:
    """Return what Optuna keeps as the trial's values; of a pruned one the last it reported."""
    if outcome.state is State.COMPLETE and outcome.value is not None:
        return list(outcome.values.values()) or [outcome.value]
    if outcome.state is State.PRUNED and trial.last_step is not None:
        return [trial.intermediate_values[trial.last_step]]
    return None


def plain_params(spec: SweepSpec, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored parameters as the spec writes them, in its order."""
    return {name: decoded(params[name], parameter) for name, parameter in spec.space.items() if name in params}


def trial_record(spec: SweepSpec, trial: FrozenTrial) -> TrialRecord:
    """Return a stored trial as everybody else reads it."""
    outcome = trial.user_attrs.get("outcome", {})
    values = trial.values if trial.state == TrialState.COMPLETE and trial.values else []
    return TrialRecord(
        number=trial.number,
        state=_OUR_STATES.get(trial.state),
        value=values[0] if values else None,
        params=plain_params(spec, trial.params),
        epoch=outcome.get("epoch"),
        reason=outcome.get("reason", ""),
        started_ms=None if trial.state == TrialState.WAITING else _milliseconds(trial.datetime_start),
        ended_ms=_milliseconds(trial.datetime_complete),
        epochs=outcome.get("epochs"),
        curve_stats=outcome.get("signs", {}),
        clock=outcome.get("clock", 0.0),
        values=dict(zip(spec.search.metrics, values, strict=False)) if spec.search.aims else {},
        worker=outcome.get("worker", ""),
    )


def _milliseconds(moment: datetime.datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
