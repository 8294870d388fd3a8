"""What fails at the end of a sweep costs itself and one line; the score and the model are there all the same."""

from __future__ import annotations

import errno
import json

import pytest
from sample_specs import loaded

from hpsearch.errors import StoreError, StoreUnavailable, SweepBusy
from hpsearch.figures.render import RenderedFigures
from hpsearch.sweep.conclude import finish
from hpsearch.sweep.conclude.parts import Parts
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking.client.database import DatabaseStore

PARTS = {
    "trials_table": ("the tables of the trials", "the pictures"),
    "write_table": ("the tables of the trials",),
    "fit_baseline": ("the baseline",),
    "validation_figures": ("the metrics of the validation rows",),
    "write_metrics": ("the metrics of the validation rows",),
    "evidence": ("the diagnosis",),
    "diagnose": ("the diagnosis",),
    "gallery": ("the gallery",),
    "figure_inputs": ("the pictures",),
    "importances": ("the importance",),
    "best_curves": ("the curves of the best trials",),
    "draw": ("the pictures",),
}


class Heard(Listener):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


@pytest.mark.parametrize(("part", "names"), PARTS.items(), ids=PARTS)
def test_a_part_that_fails_costs_itself_and_one_line(addresses, no_pictures, monkeypatch, tmp_path, part, names):
    def fail(*_, **__):
        raise ValueError("two\nlines")

    monkeypatch.setattr(finish, part, fail)
    heard = Heard()
    summary = Session(addresses, heard, in_process=True).run(loaded(search__trials=2))
    lines = [f"{name} could not be made: ValueError: two lines" for name in names]
    assert list(summary.failures) == heard.notes == summary.as_json()["failures"] == lines
    assert summary.score.value > 0
    assert summary.model_uri == "models:/tiny@champion"
    store = DatabaseStore(addresses.tracking, addresses.home)
    run = store.run(summary.run_id)
    assert run.status == "FINISHED"
    assert all(f"- {line}" in run.tags["mlflow.note.content"] for line in lines)
    assert json.loads(store.fetch(summary.run_id, "summary.json", tmp_path).read_text())["failures"] == lines
    if "the pictures" not in names:
        assert [path.name for path in store.fetch(summary.run_id, "figures", tmp_path).iterdir()] == ["best_so_far.png"]


def test_one_picture_that_fails_costs_that_picture(addresses, monkeypatch, tmp_path):
    drawn = RenderedFigures({"timeline": b"PNG"}, {"confusion": "ValueError: no room"})
    monkeypatch.setattr(finish, "draw", lambda _: drawn)
    summary = Session(addresses, in_process=True).run(loaded(search__trials=2))
    assert summary.failures == ("picture confusion could not be made: ValueError: no room",)
    pictures = DatabaseStore(addresses.tracking, addresses.home).fetch(summary.run_id, "figures", tmp_path)
    assert [path.name for path in pictures.iterdir()] == ["timeline.png"]


def test_a_store_that_refuses_a_picture_costs_the_pictures_alone(addresses, no_pictures, monkeypatch):
    def refuse(*_, **__):
        raise StoreError("too large")

    monkeypatch.setattr(DatabaseStore, "put_folder", refuse)
    summary = Session(addresses, in_process=True).run(loaded(search__trials=2))
    assert summary.failures == ("the pictures could not be made: StoreError: too large",)


@pytest.mark.parametrize(
    "error", [StoreUnavailable("away"), SweepBusy("another's"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt()]
)
def test_what_concerns_the_whole_sweep_is_no_failure_of_a_part(error):
    def fail():
        raise error

    parts = Parts(lambda _: None)
    with pytest.raises(type(error)):
        parts.make("this", fail, None)
    assert parts.failures == ()


def test_the_first_reason_of_a_part_is_kept_and_said_once():
    notes = []
    parts = Parts(notes.append)
    parts.fail("this", "first")
    parts.fail("this", "second")
    assert notes == list(parts.failures) == ["this could not be made: first"]
