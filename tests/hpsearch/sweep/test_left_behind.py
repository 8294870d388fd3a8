"""What a session finds when the last one ended badly: another storage, a lost power, a second driver."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest
from sample_specs import loaded, spec

from hpsearch.config.addresses import Addresses
from hpsearch.errors import StoreError, TrackingUnreachable
from hpsearch.results.integrity import check_invariant, check_winner
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.finish import Finish
from hpsearch.sweep.records import entry_of
from hpsearch.sweep.resources import Resources
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.tracking.recording.trial_runs import TrialRuns
from hpsearch.tracking.spool import Spool
from hpsearch.trial import Curve, Outcome, State, Suggestion

pytestmark = pytest.mark.usefixtures("no_pictures")


def problems(addresses, budget):
    study, store = Study.load(addresses.storage, "tiny"), open_store(addresses.tracking, addresses.home)
    return check_invariant(study, store, "tiny", budget)


def test_a_sweep_whose_study_lies_in_another_storage_keeps_what_waits_here(tmp_path):
    folder = tmp_path / "sweeps" / "tiny"
    Spool(folder / "spool").put(entry(2, State.COMPLETE, 0.5), Curve())
    there = Addresses(tmp_path, f"sqlite:///{tmp_path / 'study.db'}", "http://127.0.0.1:9", None)
    with pytest.raises(StoreError):
        Session(there, in_process=True).run(loaded())
    assert Spool(folder / "spool").waiting() == [2]


def test_a_run_that_could_not_begin_leaves_no_folder(tmp_path):
    there = Addresses(tmp_path / "home", f"sqlite:///{tmp_path}/home/study.db", "http://127.0.0.1:9", None)
    with pytest.raises(StoreError):
        Session(there, in_process=True).run(loaded())
    assert not (tmp_path / "home").exists()


def entry(number, state, value):
    suggestion = Suggestion(number, {"x": 0.5}, {"x": 0.5}, 0)
    return entry_of(suggestion, Outcome(state, value, 2, 2), 1000)


@pytest.fixture
def undelivered(addresses, monkeypatch):
    """A sweep of three trials that the study knows and MLflow does not."""

    def away(*_):
        raise TrackingUnreachable("away")

    with monkeypatch.context() as patch:
        patch.setattr(TrialRuns, "deliver", away)
        with pytest.raises(TrackingUnreachable):
            Session(replace(addresses, mlflow_retry_seconds=0.3), in_process=True).run(loaded(search__trials=3))
    spool = Spool(addresses.sweep("tiny") / "spool")
    assert spool.waiting()
    return spool


@pytest.mark.parametrize("name", ["record.json", "curves.parquet"])
def test_an_entry_that_a_lost_power_emptied_is_written_again_from_the_study(addresses, undelivered, name):
    (undelivered.place(undelivered.waiting()[0]) / name).write_bytes(b"")
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 3) == []


def test_an_entry_that_the_study_contradicts_is_not_believed(addresses, undelivered):
    number = undelivered.waiting()[0]
    undelivered.put(entry(number, State.FAILED, None), Curve())
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 3) == []


def test_trials_that_were_running_when_the_target_was_reached_are_run_by_a_session_that_has_ray(addresses, monkeypatch):
    Session(addresses, in_process=True).run(loaded(search__trials=4))  # so that there is a folder and a run
    search = {"trials": 10, "target": 0.1, "deterministic": True, "seed": 0}
    study = Study.create(addresses.storage, spec(name="late", search=search), _marks(addresses))
    study.prepare(5)
    first, _ = study.ask(), study.ask()
    study.tell(first.number, Outcome(State.COMPLETE, 0.9, 5, 5))
    searched = []

    class Here(Exception):
        pass

    def open_(_, spec, ray, verbose):
        searched.append(ray)
        raise Here

    monkeypatch.setattr(Resources, "open", open_)
    with pytest.raises(Here):
        Session(addresses).resume("late")
    assert searched == [True]


def test_a_full_disk_at_the_last_step_is_one_line_and_the_sweep_can_be_resumed(addresses, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")

    with monkeypatch.context() as patch:
        patch.setattr(Finish, "_write_tables", full)
        with pytest.raises(StoreError, match=r"^/tmp/x: No space left on device; .* hpsearch resume tiny$"):
            Session(addresses, in_process=True).run(loaded(search__trials=3))
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 3) == []


def test_two_winners_with_the_same_model_are_two_winners_and_one_look(addresses):
    first = Session(addresses, in_process=True).run(loaded(search__trials=2))
    second = Session(addresses, in_process=True).resume("tiny", trials=8)
    assert first.best.number != second.best.number and first.score.digest == second.score.digest
    assert (second.score.number, second.score.looks) == (second.best.number, 1)
    study, store = Study.load(addresses.storage, "tiny"), open_store(addresses.tracking, addresses.home)
    assert check_winner(study, store, "tiny") == []


def _marks(addresses):
    attributes = Study.load(addresses.storage, "tiny").attributes
    return {name: attributes[name] for name in ("folder", "data_fingerprint", "spec_fingerprint")}
