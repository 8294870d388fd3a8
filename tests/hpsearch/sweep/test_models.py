"""A model that was lost is trained again: on a worker, within a trial's limits, and compared with its record."""

from __future__ import annotations

import shutil
import threading
import time

import pytest
from sample_specs import loaded

from hpsearch.errors import SweepStopped
from hpsearch.execution.in_process import InProcess
from hpsearch.study.study import Study
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store

pytestmark = pytest.mark.usefixtures("no_pictures")


class Notes(Listener):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)

    def about_models(self):
        return [note for note in self.notes if "model" in note]


def swept(addresses, **changes):
    """Run a sweep that ends, and lose what its driver kept of models."""
    summary = Session(addresses, in_process=True).run(loaded(**{"search__trials": 3, **changes}))
    shutil.rmtree(addresses.sweep("tiny") / "models")
    return summary


def resume(addresses, spec=None, stop=None):
    heard = Notes()
    return Session(addresses, heard, stop, in_process=True).resume("tiny", spec=spec), heard.about_models()


def run_tags(addresses):
    runs = open_store(addresses.tracking, addresses.home).find_runs(
        {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny"}
    )
    return next(runs).tags


def half(monkeypatch):
    """Let every value come out as a half of what it was."""
    import sample_trainers

    true = sample_trainers.metrics

    def metrics(x, epoch):
        return {**true(x, epoch), "val_accuracy": true(x, epoch)["val_accuracy"] / 2}

    monkeypatch.setattr(sample_trainers, "metrics", metrics)


class Hanging(InProcess):
    """Its workers never answer; after `looks` looks it calls `then`."""

    def __init__(self, *arguments, looks=0, then=lambda: None):
        super().__init__(*arguments)
        self.looks, self.then = looks, then

    def wait(self, seconds):
        self.looks -= 1
        if self.looks == 0:
            self.then()
        time.sleep(0.02)
        return []


def test_a_lost_model_comes_out_equal_bit_for_bit_and_is_registered_without_a_mark(addresses):
    before = swept(addresses)
    summary, notes = resume(addresses)
    assert notes == [f"trial-{before.best.number:04d}: its model was lost; it is trained again"]
    assert summary.score == before.score
    assert "hpsearch.retrained" not in run_tags(addresses)


def test_a_lost_model_that_comes_out_differently_says_so_and_is_marked_where_it_is_registered(addresses, monkeypatch):
    swept(addresses)
    best = Study.load(addresses.storage, "tiny").best()
    with monkeypatch.context() as patch:
        half(patch)
        summary, notes = resume(addresses)
    difference = f"val_accuracy {best.value / 2!r}, recorded {best.value!r}, apart by {best.value / 2:.3g}"
    assert f"trial-{best.number:04d}: trained again, it is not the model that was recorded: {difference}" in notes
    assert run_tags(addresses)["hpsearch.retrained"] == difference
    assert summary.best.value == best.value  # the study keeps what was recorded
    _, later = resume(addresses)  # the mark outlives the session that saw the difference
    assert later == []
    assert run_tags(addresses)["hpsearch.retrained"] == difference


def test_the_repeat_that_won_is_compared_with_its_own_value(addresses):
    confirm = {"top": 2, "seeds": 2}
    before = swept(addresses, trainer="sample_trainers:Lucky", search__confirm=confirm)
    summary, notes = resume(addresses)
    winner = before.confirmed.winner
    assert notes == [f"confirm-{winner.trial:04d}-{winner.nearest()}: its model was lost; it is trained again"]
    assert summary.score == before.score


def test_a_refit_is_compared_with_what_the_study_remembers_of_it(addresses):
    before = swept(addresses, trainer="sample_trainers:Lucky", search__refit=True)
    summary, notes = resume(addresses)
    assert [note.partition(":")[0] for note in notes] == [f"trial-{before.best.number:04d}", "refit"]
    assert summary.score == before.score
    assert "hpsearch.retrained" not in run_tags(addresses)


def test_a_lost_model_is_held_to_the_time_of_a_trial(addresses, monkeypatch):
    swept(addresses)
    monkeypatch.setattr(Session, "_cluster", lambda _, ready: Hanging(ready.assignment(), ready.spec.workers))
    spec = loaded(search__trials=3, trial_timeout_seconds=0.2)
    with pytest.raises(SweepStopped, match=r"its model was lost, and training it again failed: timeout: took longer"):
        resume(addresses, spec)
    assert "hpsearch.model" in run_tags(addresses)  # of the session before: nothing was taken away


def test_training_it_again_ends_with_the_sweep_and_says_how_to_go_on(addresses, monkeypatch):
    swept(addresses)
    stop = threading.Event()

    def cluster(_, ready):
        return Hanging(ready.assignment(), 1, looks=3, then=stop.set)

    monkeypatch.setattr(Session, "_cluster", cluster)
    with pytest.raises(SweepStopped, match=r"training it again was interrupted; hpsearch resume tiny"):
        resume(addresses, stop=stop)


def test_a_damaged_model_is_a_lost_one(addresses):
    before = Session(addresses, in_process=True).run(loaded(search__trials=3))
    place = addresses.sweep("tiny") / "models" / f"trial-{before.best.number:04d}"
    for file in place.iterdir():
        file.write_bytes(file.read_bytes()[:-1])  # cut, as a full disk leaves it
    summary, notes = resume(addresses)
    assert len(notes) == 1 and summary.score == before.score
