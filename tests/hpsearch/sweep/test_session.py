"""A session told to stop waits for nobody, and one that is refused says so at once and leaves nothing half-begun."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from sample_specs import loaded

from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError, StoreError, StoreUnavailable, TrackingUnreachable
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.tracking.client.database import DatabaseStore

pytestmark = pytest.mark.usefixtures("no_pictures")


def problems(addresses, budget):
    study, store = Study.load(addresses.storage, "tiny"), DatabaseStore(addresses.tracking, addresses.home)
    return check_invariant(study, store, "tiny", budget)


class Failing:
    """Makes a call of MLflow's store fail, from its first time on; `then` is called at the second time."""

    def __init__(self, patch, method, error, then=lambda: None):
        self.calls, self.failed_at = 0, 0.0

        def fail(*_, **__):
            self.calls += 1
            if self.calls == 2:
                self.failed_at = time.monotonic()
                then()
            raise error

        patch.setattr(DatabaseStore, method, fail)


@pytest.mark.parametrize(
    ("method", "kind"),
    [("create_run", StoreUnavailable), ("end_run", TrackingUnreachable), ("register", StoreUnavailable)],
    ids=["at the beginning", "in the middle", "at the end"],
)
def test_a_stop_ends_the_wait_for_an_unreachable_mlflow_within_a_second(addresses, monkeypatch, method, kind):
    stop = threading.Event()
    with monkeypatch.context() as patch, pytest.raises(kind) as caught:
        failing = Failing(patch, method, StoreUnavailable("mlflow: no answer"), stop.set)
        Session(addresses, stop=stop, in_process=True).run(loaded(search__trials=3))
    assert time.monotonic() - failing.failed_at < 1.5
    message = str(caught.value)
    assert message.startswith("mlflow: no answer")
    assert message.endswith("hpsearch resume tiny")
    assert "kept" in message or "Every result is in the study" in message
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 3) == []


def test_a_stop_while_the_wait_lasts_ends_it(addresses, monkeypatch):
    stop = threading.Event()
    soon = threading.Timer(0.5, stop.set)
    with monkeypatch.context() as patch, pytest.raises(StoreUnavailable):
        Failing(patch, "register", StoreUnavailable("mlflow: no answer"), soon.start)
        Session(addresses, stop=stop, in_process=True).run(loaded(search__trials=1))
    soon.join()
    assert problems(addresses, 1) == []


def test_mlflow_that_stays_away_for_the_seconds_that_were_named_is_given_up(addresses, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(StoreUnavailable, match=r"no answer; .* hpsearch resume tiny$"):
        failing = Failing(patch, "register", StoreUnavailable("mlflow: no answer"))
        Session(replace(addresses, mlflow_retry_seconds=0.3), in_process=True).run(loaded(search__trials=1))
    assert failing.calls == 2


@pytest.mark.parametrize("method", ["create_run", "write", "put_file"])
def test_a_new_sweep_that_mlflow_refuses_is_said_at_once_and_leaves_nothing(addresses, monkeypatch, method):
    with monkeypatch.context() as patch, pytest.raises(StoreError) as caught:
        failing = Failing(patch, method, StoreError("mlflow: may not be written"))
        Session(addresses, in_process=True).run(loaded(search__trials=2))
    assert str(caught.value) == "mlflow: may not be written"
    assert failing.calls == 1
    assert not Study.exists(addresses.storage, "tiny")
    assert not addresses.sweep("tiny").exists()
    assert not list(DatabaseStore(addresses.tracking, addresses.home).find_runs({"hpsearch.sweep": "tiny"}))
    Session(addresses, in_process=True).run(loaded(search__trials=2))  # the name is free
    assert problems(addresses, 2) == []


def test_what_mlflow_does_not_let_us_take_back_is_kept_and_can_be_resumed(addresses, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(StoreError) as caught:
        for method in ("put_file", "delete_run"):
            Failing(patch, method, StoreError(f"mlflow: no {method}"))
        Session(addresses, in_process=True).run(loaded(search__trials=2))
    assert str(caught.value).startswith("mlflow: no put_file; ")
    assert "hpsearch resume tiny" in str(caught.value)
    assert any("mlflow: no delete_run" in note for note in caught.value.__cause__.__notes__)
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 2) == []


@pytest.mark.parametrize("method", ["reopen_run", "register"])
def test_a_refusal_later_on_is_said_at_once_and_never_waited_for(addresses, monkeypatch, method):
    Session(addresses, in_process=True).run(loaded(search__trials=2))
    with monkeypatch.context() as patch, pytest.raises(StoreError) as caught:
        failing = Failing(patch, method, StoreError("mlflow: may not be written"))
        Session(addresses, in_process=True).resume("tiny", trials=4)
    assert failing.calls == 1
    assert str(caught.value) == (
        "mlflow: may not be written; what was trained so far is kept; when that is mended: hpsearch resume tiny"
    )
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 4) == []


def test_a_server_that_is_not_there_is_said_before_anything_is_begun(tmp_path):
    home = tmp_path / "home"
    there = Addresses(home, f"sqlite:///{home}/study.db", "http://127.0.0.1:9", None)
    with pytest.raises(HpsearchError, match=r"^http://127.0.0.1:9: "):
        Session(there, in_process=True).run(loaded())
    assert not home.exists()
