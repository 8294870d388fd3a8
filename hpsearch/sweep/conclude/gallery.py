"""Trains the best trial of each value of a searched choice again, for the gallery of their decision boundaries.

Only the winner's model is kept while a sweep runs; a trial's seed and settings give its model back, where that is
cheap: on workers, within a trial's limits and a few seconds for all of them. Used by `finish`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import train_and_validation
from hpsearch.figures.models.regions import Predict
from hpsearch.model.predictor import Predictor
from hpsearch.spec import Choices
from hpsearch.spec.values import key, text
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.trial import State, TrialRecord

SECONDS = 20.0  # that all of them together may take
FEATURES = 2  # what a picture of regions can show


def gallery_choice(ready: PreparedSweep) -> str | None:
    """Return the one searched choice whose values a gallery can compare, None where there is no such choice."""
    choices = [name for name, parameter in ready.spec.space.items() if isinstance(parameter, Choices)]
    drawable = len(ready.data.features) == FEATURES and bool(ready.data.classes)
    return choices[0] if len(choices) == 1 and drawable else None


@dataclass(frozen=True)
class Gallery:
    """The choice's name, (value's label, predict) of each value's best trial, and raw rows to compare them on.

    These are validation rows: the test rows are the winner's alone, or else they would be chosen by.
    """

    choice: str = ""
    models: Sequence[tuple[str, Predict]] = ()
    rows: Rows | None = None


def gallery(ready: PreparedSweep, models: Models, trials: Iterable[TrialRecord]) -> Gallery:
    """Return the models of the best trials, in the order of the choice's values in the spec.

    Empty where nothing can be compared, or where training them again would take too long.
    """
    name = gallery_choice(ready)
    if name is None:
        return Gallery()
    parameter = ready.spec.space[name]
    values = parameter.choices if isinstance(parameter, Choices) else ()
    best = best_of_each(trials, name, ready.spec.search.maximize)
    leaders = [(text(value), best[key(value)]) for value in values if key(value) in best]
    if len(leaders) < 2 or sum(_seconds(trial) for _, trial in leaders) > SECONDS:
        return Gallery()
    bundles = models.again([trial for _, trial in leaders], SECONDS)
    drawn = [
        (label, Predictor.from_bundle(bundles[trial.number]).predict)
        for label, trial in leaders
        if trial.number in bundles
    ]
    _, validation = train_and_validation(ready.spec.data, ready.folder, ready.data.fingerprint)
    return Gallery(name, drawn, validation)


def best_of_each(trials: Iterable[TrialRecord], name: str, maximize: bool) -> dict[str, TrialRecord]:
    """Return the best completed trial by the value of the setting `name`, written as JSON; the first of equals."""
    best: dict[str, TrialRecord] = {}
    for trial in trials:
        if trial.state is not State.COMPLETE or trial.value is None or name not in trial.params:
            continue
        known = best.setdefault(key(trial.params[name]), trial)
        if (trial.value > (known.value or 0.0)) if maximize else (trial.value < (known.value or 0.0)):
            best[key(trial.params[name])] = trial
    return best


def _seconds(trial: TrialRecord) -> float:
    return ((trial.ended_ms or 0) - (trial.started_ms or 0)) / 1000
