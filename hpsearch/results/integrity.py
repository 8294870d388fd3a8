"""What must hold of a sweep that was brought to its end, whatever happened on the way.

Reads the study and MLflow and compares them; changes nothing. For tests, for doctors and for people who want to
know.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path

from hpsearch.data.prepare import held_out
from hpsearch.errors import HpsearchError
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.spec import LoadedSpec
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.score import Score, score
from hpsearch.sweep.finalists.winner import winning_training
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.records import STATUS, texts
from hpsearch.tracking.store import ALIAS, RunView, Store
from hpsearch.trial import State, TrialRecord

_LARGEST = 1e308  # MLflow writes an infinity as the largest number there is


def check_invariant(study: Study, store: Store, name: str, budget: int) -> list[str]:
    """Return what does not hold, one sentence each; an empty list means that no trial was lost or counted twice.

    Parameters
    ----------
    study : the sweep's study, the truth
    store : the MLflow store its runs are in
    name : the sweep's name
    budget : how many finished trials the sweep was to end with
    """
    trials = study.trials()
    runs = list(store.find_runs({"hpsearch.kind": "trial", "hpsearch.sweep": name}))
    sweeps = list(store.find_runs({"hpsearch.kind": "sweep", "hpsearch.sweep": name}))
    wrong = _of_the_study(trials, budget) + _of_the_runs(trials, runs)
    if len(sweeps) != 1:
        wrong.append(f"MLflow has {len(sweeps)} runs of the sweep itself, not one")
    return wrong + [f"the sweep's run is {run.status}" for run in sweeps if run.status == "RUNNING"]


def check_winner(study: Study, store: Store, name: str) -> list[str]:
    """Return what does not hold of the winner: its model, as anyone downloads it, must reach its recorded figure.

    Needs the data and the trainer; looks at the test rows, which change nothing any more.
    """
    chosen, stored = winning_training(study, study.spec), study.attributes.get("score")
    if chosen is None:
        return ["there is a score, but no trial completed"] if stored else []
    if stored is None:
        return [f"the winner, trial {chosen.trial.number}, was never scored"]
    recorded = Score.from_json(stored)
    if recorded.number != chosen.trial.number:
        return [f"scored was trial {recorded.number}, the winner is trial {chosen.trial.number}"]
    sweeps = store.find_runs({"hpsearch.kind": "sweep", "hpsearch.sweep": name})
    shown = [run.metrics.get(recorded.metric) for run in sweeps]
    wrong = [] if shown == [recorded.value] else [f"{recorded.metric} is {recorded.value!r}, MLflow shows {shown}"]
    try:
        again = _downloaded_score(study, store, name)
    except HpsearchError as error:
        return [*wrong, f"the winner's model cannot be used: {error}"]
    if again.digest != recorded.digest:
        wrong.append(f"the registered model has the digest {again.digest[:12]}, scored was {recorded.digest[:12]}")
    if again.value != recorded.value:
        wrong.append(f"{recorded.metric} is {recorded.value!r}, the downloaded model reaches {again.value!r}")
    return wrong


def _downloaded_score(study: Study, store: Store, name: str) -> Score:
    """Download the registered model, check it against its digest and score it once more."""
    folder = Path(study.attributes["folder"])
    ready = prepare_sweep(LoadedSpec(study.spec, folder))  # lets a trainer beside the spec be found
    with tempfile.TemporaryDirectory() as place:
        came, digest = store.download_model(f"models:/{name}@{ALIAS}", Path(place))
        predictor = Predictor.from_folder(find(came), digest)
        return score(-1, digest or "", predictor, held_out(study.spec.data, folder, ready.data.fingerprint), 0)[0]


def _of_the_study(trials: list[TrialRecord], budget: int) -> list[str]:
    twice = [number for number, times in Counter(trial.number for trial in trials).items() if times > 1]
    wrong = [f"the study has trial {number} more than once" for number in twice]
    wrong += [f"trial {trial.number} is not finished in the study" for trial in trials if trial.state is None]
    finished = sum(trial.state is not None for trial in trials)
    if finished != budget:
        wrong.append(f"the study has {finished} finished trials, asked for were {budget}")
    return wrong


def _of_the_runs(trials: list[TrialRecord], runs: list[RunView]) -> list[str]:
    by_number: dict[int, list[RunView]] = {}
    for run in runs:
        by_number.setdefault(int(run.tags["hpsearch.trial"]), []).append(run)
    known = {trial.number for trial in trials}
    wrong = [f"MLflow has trial {number}, the study has not" for number in sorted(by_number.keys() - known)]
    for trial in trials:
        found = by_number.get(trial.number, [])
        if len(found) != 1:
            wrong.append(f"trial {trial.number} has {len(found)} runs in MLflow, not one")
        for run in found:
            wrong += [f"trial {trial.number}: {text}" for text in _differences(trial, run)]
    return wrong


def _differences(trial: TrialRecord, run: RunView) -> list[str]:
    """Compare one trial with its run; only a finished trial is compared in full."""
    if run.status == "RUNNING":
        return ["its run is RUNNING"]
    if trial.state is None:
        return []
    expected = {
        "status": (STATUS[trial.state], run.status),
        "state": (trial.state.value, run.tags.get("hpsearch.state")),
        "reason": (trial.reason, run.tags.get("hpsearch.reason", "")),
        "parameters": (texts(trial.params), run.params),
        "value": (trial.value if trial.state is State.COMPLETE else None, run.metrics.get("value")),
    }
    wrong = [
        f"its {what} is {ours!r} in the study, {theirs!r} in MLflow"
        for what, (ours, theirs) in expected.items()
        if ours != theirs
    ]
    odd = [name for name, value in run.metrics.items() if not math.isfinite(value) or abs(value) > _LARGEST]
    return wrong + [f"its metric {name} is not a finite number" for name in odd]
