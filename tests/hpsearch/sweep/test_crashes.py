"""A driver killed at every step of its work: after a resume the invariant holds.

The driver is a forked child that kills itself, as SIGKILL would, right behind a step; no `finally` runs.
"""

from __future__ import annotations

import os
import signal

import mlflow.tracking
import optuna
import pytest
from sample_specs import loaded

from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.finish import Finish
from hpsearch.sweep.models import Models
from hpsearch.sweep.session import Session
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.recorder import Recorder
from hpsearch.tracking.recording.trial_runs import TrialRuns
from hpsearch.tracking.spool import Spool

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

BUDGET = 5
Client = mlflow.tracking.MlflowClient
# Where the driver dies: an object, its method, before or behind which call of it.
STEPS = {
    "when the study is made": (optuna.storages.RDBStorage, "create_new_study", "after", 1),
    "when the study got its spec": (Study, "create", "after", 1),
    "when the sweep's run is made": (DatabaseStore, "create_run", "after", 1),
    "when the first trial is asked for": (Study, "ask", "after", 1),
    "when a later trial is asked for": (Study, "ask", "after", 4),
    "when a trial is shown": (Recorder, "begin", "after", 3),
    "when a trial's run is made": (DatabaseStore, "create_run", "after", 3),
    "before a model is saved": (Models, "save", "before", 1),
    "when a model is saved": (Models, "save", "after", 1),
    "before a trial is in the spool": (Spool, "put", "before", 2),
    "when a trial is in the spool": (Spool, "put", "after", 2),
    "when a trial is told": (Study, "tell", "after", 2),
    "when the last trial is told": (Study, "tell", "after", BUDGET),
    "when a trial is acknowledged": (Recorder, "acknowledge", "after", 2),
    "before a trial's points are written": (TrialRuns, "deliver", "before", 2),
    "when a file of a trial is stored": (DatabaseStore, "put_file", "after", 2),
    "before a trial's run is closed": (DatabaseStore, "end_run", "before", 2),
    "when a trial's run is closed": (DatabaseStore, "end_run", "after", 2),
    "when a trial leaves the spool": (Spool, "remove", "after", 2),
    "before the recorder is done": (Recorder, "close", "before", 1),
    "before the sweep is concluded": (Finish, "conclude", "before", 1),
    "when the winner is scored": (Finish, "_scored", "after", 1),
    "when the model is logged": (Client, "create_logged_model", "after", 1),
    "when the model's files are stored": (Client, "finalize_logged_model", "before", 1),
    "when the model is registered": (Client, "create_model_version", "after", 1),
    "when the sweep is concluded": (Finish, "conclude", "after", 1),
    "when the sweep's run is closed": (DatabaseStore, "end_run", "after", BUDGET + 1),
}


def die_at(owner, name, when, count):
    original, calls = getattr(owner, name), []

    def step(*arguments, **named):
        calls.append(name)
        if when == "before" and len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if when == "after" and len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, staticmethod(step) if name == "create" else step)


def killed_run(addresses, spec, *step):
    """Run a sweep in a child that dies at `step`; return the signal that ended it."""
    child = os.fork()
    if not child:
        try:
            die_at(*step)
            Session(addresses, in_process=True).run(spec)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_sweep_whose_driver_was_killed_is_resumed_to_its_exact_budget(addresses, step):
    spec = loaded(trainer="sample_trainers:Mixed", search__trials=BUDGET, workers=2, search__seed=3)
    assert killed_run(addresses, spec, *step) == signal.SIGKILL
    if step[1] == "create_new_study":
        summary = Session(addresses, in_process=True).run(spec)  # nothing of it was begun
    else:
        summary = Session(addresses, in_process=True).resume("tiny")
    study, store = Study.load(addresses.storage, "tiny"), DatabaseStore(addresses.tracking, addresses.home)
    assert check_invariant(study, store, "tiny", BUDGET) == []
    assert list(Spool(addresses.sweep("tiny") / "spool").waiting()) == []
    assert summary.score is not None and summary.model_uri == "models:/tiny@champion"
    assert study.attributes["score"]["looks"] == 1
    versions = Client(store.uri, registry_uri=store.uri).search_model_versions("name = 'tiny'")
    assert len(versions) == 1


def test_two_kills_in_a_row_lose_nothing_either(addresses):
    spec = loaded(trainer="sample_trainers:Mixed", search__trials=BUDGET)
    assert killed_run(addresses, spec, *STEPS["when a trial is told"]) == signal.SIGKILL
    child = os.fork()
    if not child:
        try:
            die_at(*STEPS["when a trial is in the spool"])
            Session(addresses, in_process=True).resume("tiny")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    Session(addresses, in_process=True).resume("tiny")
    study, store = Study.load(addresses.storage, "tiny"), DatabaseStore(addresses.tracking, addresses.home)
    assert check_invariant(study, store, "tiny", BUDGET) == []
