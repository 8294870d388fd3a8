"""`doctor NAME`: whatever ended a sweep is no fault of its records."""

from __future__ import annotations

import pytest
from sample_specs import loaded

from hpsearch.cli import main
from hpsearch.locking.file_lease import hold
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store

TRIAL = {"hpsearch.kind": "trial", "hpsearch.trial": "0"}


@pytest.fixture
def ended(addresses, no_pictures):
    """A sweep that reached its target with its first trials."""
    Session(addresses, in_process=True).run(loaded(search__target=0.0, search__trials=20))
    return addresses


@pytest.fixture
def doctor(capsys):
    def doctor(addresses):
        with pytest.raises(SystemExit) as end:
            main(["doctor", "tiny", "--here", "--home", str(addresses.home)])
        return end.value.code, capsys.readouterr().out

    return doctor


def test_a_sweep_that_another_limit_than_its_trials_ended_is_sound(ended, doctor):
    code, told = doctor(ended)
    assert code == 0, told
    assert "each recorded once, in both stores (search.target=0 was reached)" in told
    assert "the winner's model, downloaded, reaches its test_accuracy of " in told


def test_a_sweep_that_is_driven_now_is_not_complained_about(ended, doctor):
    with hold(ended.sweep("tiny"), "tiny"):
        code, told = doctor(ended)
    assert code == 0 and "tiny: still running" in told and "FAIL" not in told


def test_a_record_that_is_missing_is_found_however_the_sweep_ended(ended, doctor):
    store = open_store(ended.tracking, ended.home)
    run = next(store.find_runs(TRIAL))
    store.reopen_run(run.run_id)
    code, told = doctor(ended)
    assert code == 1 and "trial 0: its run is RUNNING; fix it: hpsearch resume tiny" in told


def test_a_winner_whose_model_is_not_what_was_scored_is_found(ended, doctor):
    stored = next((ended.home / "artifacts").rglob("hpsearch.json"))
    stored.write_text(stored.read_text() + " ")
    code, told = doctor(ended)
    assert code == 1 and "the winner's model cannot be used: " in told and "the model was altered" in told


def test_a_confirmed_and_refitted_winner_is_sound(addresses, no_pictures, doctor):
    search = {"confirm": {"top": 2, "seeds": 2}, "refit": True, "trials": 4, "sampler": "random"}
    Session(addresses, in_process=True).run(loaded(trainer="sample_trainers:LuckyOfTwo", search=search))
    code, told = doctor(addresses)
    assert code == 0, told


def test_a_sweep_without_a_winner_is_sound_when_its_trials_are(addresses, no_pictures, doctor):
    Session(addresses, in_process=True).run(loaded(trainer="sample_trainers:Raising", search__trials=2))
    code, told = doctor(addresses)
    assert code == 0 and "no trial completed, so there is no winner" in told
