"""What must hold of a sweep that was brought to its end, whatever happened on the way.

Reads the study and MLflow and compares them, the curves included (`curve_integrity`); changes nothing. For `doctor`,
for tests and for people who want to know.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hpsearch.data.prepare import held_out
from hpsearch.errors import HpsearchError
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.results.curve_integrity import curve_problems, lost
from hpsearch.spec import LoadedSpec
from hpsearch.spec.values import texts
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.score import Score, score
from hpsearch.sweep.finalists.winner import winning_training
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.records import STATUS
from hpsearch.tracking.interface import ALIAS, RunView, TrackingStore
from hpsearch.tracking.schema import Metric, Status, Tag, number_of, sweep_tags, trial_tags
from hpsearch.trial import State, TrialRecord

_LARGEST = 1e308  # MLflow writes an infinity as the largest number there is


@dataclass(frozen=True)
class Findings:
    """What does not hold of a sweep's records, one sentence each, and what is known to be lost for good."""

    problems: tuple[str, ...]
    losses: tuple[str, ...] = ()


def check_invariant(study: Study, store: TrackingStore, name: str, budget: int) -> list[str]:
    """Return what does not hold, one sentence each; an empty list means that no trial was lost or counted twice."""
    return list(compare_records(study, store, name, budget).problems)


def compare_records(study: Study, store: TrackingStore, name: str, budget: int) -> Findings:
    """Compare every trial in the study with its run in MLflow and with its curve.

    Parameters
    ----------
    study : the sweep's study, the truth
    store : the MLflow store its runs are in
    name : the sweep's name
    budget : how many finished trials the sweep was to end with
    """
    trials = study.trials()
    runs = list(store.find_runs(trial_tags(name)))
    sweeps = list(store.find_runs(sweep_tags(name)))
    problems = [f"{text}; fix it: hpsearch resume {name}" for text in _of_the_study(trials, budget)]
    problems += _of_the_runs(name, trials, runs)
    curves = curve_problems(store, _closed(trials, runs), study.spec.search.metric or "")
    problems += [f"{text}; the study keeps no curve to mend it with" for text in curves]
    if len(sweeps) != 1:
        problems.append(f"MLflow must have one run of the sweep itself, got {len(sweeps)}; delete those that are wrong")
    for run in sweeps:
        if run.status == Status.RUNNING:
            problems.append(f"the sweep's run is RUNNING; fix it: hpsearch resume {name}")
    losses = [f"trial {number}: its curve was lost with the disk of an earlier driver" for number in _lost(runs)]
    return Findings(tuple(problems), tuple(losses))


def check_winner(study: Study, store: TrackingStore, name: str) -> list[str]:
    """Return what does not hold of the winner: its model, as anyone downloads it, must reach its recorded figure.

    Needs the data and the trainer; looks at the test rows, which change nothing any more.
    """
    return [f"{text}; fix it: hpsearch resume {name}" for text in _of_the_winner(study, store, name)]


def _of_the_winner(study: Study, store: TrackingStore, name: str) -> list[str]:
    winner, stored = winning_training(study, study.spec), study.attributes.get("score")
    if winner is None:
        return ["there is a score, but no trial completed"] if stored else []
    if stored is None:
        return [f"the winner, trial {winner.trial.number}, was never scored"]
    recorded = Score.from_json(stored)
    if recorded.number != winner.trial.number:
        return [f"scored was trial {recorded.number}, the winner is trial {winner.trial.number}"]
    values = [run.metrics.get(recorded.metric) for run in store.find_runs(sweep_tags(name))]
    wrong = [] if values == [recorded.value] else [f"{recorded.metric} is {recorded.value!r}, MLflow shows {values}"]
    try:
        again = _downloaded_score(study, store, name)
    except HpsearchError as error:
        return [*wrong, f"the winner's model cannot be used: {error}"]
    if again.digest != recorded.digest:
        wrong.append(f"the registered model has the digest {again.digest[:12]}, scored was {recorded.digest[:12]}")
    if again.value != recorded.value:
        wrong.append(f"{recorded.metric} is {recorded.value!r}, the downloaded model reaches {again.value!r}")
    return wrong


def _downloaded_score(study: Study, store: TrackingStore, name: str) -> Score:
    """Download the registered model, check it against its digest and score it once more."""
    folder = Path(study.attributes["folder"])
    ready = prepare_sweep(LoadedSpec(study.spec, folder))  # lets a trainer beside the spec be found
    with tempfile.TemporaryDirectory() as place:
        model, digest = store.download_model(f"models:/{name}@{ALIAS}", Path(place))
        predictor = Predictor.from_folder(find(model), digest)
        return score(-1, digest or "", predictor, held_out(study.spec.data, folder, ready.data.fingerprint), 0)[0]


def _of_the_study(trials: list[TrialRecord], budget: int) -> list[str]:
    twice = [number for number, times in Counter(trial.number for trial in trials).items() if times > 1]
    wrong = [f"the study has trial {number} more than once" for number in twice]
    wrong += [f"trial {trial.number} is not finished in the study" for trial in trials if trial.state is None]
    finished = sum(trial.state is not None for trial in trials)
    if finished != budget:
        wrong.append(f"the study has {finished} finished trials, asked for were {budget}")
    return wrong


def _of_the_runs(name: str, trials: list[TrialRecord], runs: list[RunView]) -> list[str]:
    by_number: dict[int, list[RunView]] = {}
    for run in runs:
        by_number.setdefault(number_of(run.tags), []).append(run)
    unknown = sorted(by_number.keys() - {trial.number for trial in trials})
    problems = [f"MLflow has trial {number}, the study has not; delete its run in MLflow" for number in unknown]
    for trial in trials:
        own = by_number.get(trial.number, [])
        if not own:
            problems.append(f"trial {trial.number} has no run in MLflow; fix it: hpsearch resume {name}")
        if len(own) > 1:
            problems.append(f"trial {trial.number} must have one run in MLflow, got {len(own)}; delete those too many")
        for run in own:
            problems += [f"trial {trial.number}: {text}" for text in _differences(name, trial, run)]
    return problems


def _differences(name: str, trial: TrialRecord, run: RunView) -> list[str]:
    """Compare one trial with its run; only a finished trial is compared in full."""
    resume = f"fix it: hpsearch resume {name}"
    if run.status == Status.RUNNING:
        return [f"its run is RUNNING; {resume}"]
    if trial.state is None:
        return []
    anew = f"the study is right: delete its run in MLflow, then hpsearch resume {name} writes it again"
    expected = {
        "status": (STATUS[trial.state], run.status, resume),
        "state": (trial.state.value, run.tags.get(Tag.STATE), resume),
        "reason": (trial.reason, run.tags.get(Tag.REASON, ""), anew),
        "parameters": (texts(trial.params), run.params, anew),
        "value": (trial.value if trial.state is State.COMPLETE else None, run.metrics.get(Metric.VALUE), anew),
    }
    problems = [
        f"its {what} is {ours!r} in the study, {theirs!r} in MLflow; {way_out}"
        for what, (ours, theirs, way_out) in expected.items()
        if ours != theirs
    ]
    odd = [metric for metric, value in run.metrics.items() if not math.isfinite(value) or abs(value) > _LARGEST]
    return problems + [f"its metric {metric} is not a finite number; {anew}" for metric in odd]


def _closed(trials: Iterable[TrialRecord], runs: Iterable[RunView]) -> list[tuple[TrialRecord, RunView]]:
    """Pair finished trials with their runs, as far as these should hold a curve."""
    finished = {trial.number: trial for trial in trials if trial.state is not None}
    closed = [run for run in runs if run.status != Status.RUNNING and not lost(run)]
    return [(finished[number], run) for run in closed if (number := number_of(run.tags)) in finished]


def _lost(runs: Iterable[RunView]) -> list[int]:
    return sorted(number_of(run.tags) for run in runs if lost(run))
