"""How a finished trial looks in MLflow: its status, parameters and tags, the same from the driver and after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from hpsearch.spec import Choices, Parameter
from hpsearch.tracking.spool import Entry
from hpsearch.trial import Outcome, State, Suggestion, TrialRecord

STATUS = {State.COMPLETE: "FINISHED", State.PRUNED: "KILLED", State.FAILED: "FAILED"}


def now_ms() -> int:
    """Return the wall-clock time in milliseconds; shown to people, never compared."""
    return int(time.time() * 1000)


def texts(params: dict[str, Any]) -> dict[str, str]:
    """Write parameters as MLflow keeps them: words as they are, everything else as JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}


def word_params(space: Mapping[str, Parameter]) -> list[str]:
    """Name the parameters whose choices are words only; one such as ``"1"`` would read back as a number."""
    found = [(name, p.choices) for name, p in space.items() if isinstance(p, Choices)]
    return [name for name, choices in found if all(isinstance(choice, str) for choice in choices)]


def value_of(text: str, parameter: Parameter | None) -> Any:
    """Read a parameter back; a choice is the one of the spec that was written so."""
    if isinstance(parameter, Choices):
        written = {texts({"": choice})[""]: choice for choice in parameter.choices}
        if text in written:
            return written[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def entry_of(suggestion: Suggestion, outcome: Outcome, started_ms: int) -> Entry:
    """Describe a trial that just ended."""
    tags = {
        "hpsearch.state": outcome.state.value,
        "hpsearch.reason": outcome.reason,
        "hpsearch.epoch": str(outcome.epoch),
        "hpsearch.epochs": str(outcome.epochs),
        "hpsearch.seed": str(suggestion.seed),
        "hpsearch.attempt": str(suggestion.attempt),
        "hpsearch.worker": outcome.worker,
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
    tags = {"hpsearch.state": state.value, "hpsearch.reason": trial.reason, "hpsearch.curve": "lost"}
    return Entry(
        number=trial.number,
        status=STATUS[state],
        params=texts(trial.params),
        tags=tags | {"hpsearch.worker": trial.worker},
        value=trial.value,
        epoch=trial.epoch or 0,
        started_ms=started,
        ended_ms=max(trial.ended_ms or started, started),
        values=dict(trial.values),
    )
