"""What who follows a job is told, and the code it ends with; answered by hand, no cluster is needed."""

from __future__ import annotations

import json

import click
import pytest

from hpsearch.cli import launch
from hpsearch.cli.launch import _follow, _lookup, examine_sweep
from hpsearch.errors import StoreError, UnknownSweep
from hpsearch.launch.follow import Follower
from hpsearch.launch.jobs_api import Job
from hpsearch.launch.sweep_jobs import SweepJobs
from hpsearch.tracking.store import Store


class Api:
    """A cluster whose one job is as given."""

    address = "http://cluster"

    def __init__(self, status="FAILED", code=1, message=""):
        self.only = Job("hpsearch-tiny-1", status, message, code, {"hpsearch.sweep": "tiny"})

    def job(self, _):
        return self.only

    def jobs(self):
        return [self.only]

    def logs(self, _):
        return "Running entrypoint for job x: y\na line\n"

    def submit(self, _):
        pass


class Broken:
    """What cannot be looked up."""

    def __init__(self, error):
        self.error = error

    def sweep(self, _):
        raise self.error


@pytest.fixture
def followed(capsys):
    """Follow a job; return the exit code and what was printed where."""

    def followed(api, result=None, follow=_follow):
        with click.Context(click.Command("launch")), pytest.raises(click.exceptions.Exit) as ended:
            follow(api, "hpsearch-tiny-1", "tiny", result is not None, result)
        told = capsys.readouterr()
        return ended.value.exit_code, told.out, told.err

    return followed


def test_a_driver_that_fails_before_anything_is_recorded_keeps_its_code(followed):
    result = Broken(UnknownSweep("tiny: no such sweep in http://mlflow; there are: none"))
    code, out, err = followed(Api("FAILED", 3), result)
    assert (code, out) == (3, "")
    told = "hpsearch: tiny: its driver ended with exit code 3; nothing of it is in MLflow; read hpsearch logs tiny"
    assert err.splitlines() == ["a line", told]


def test_a_result_that_cannot_be_read_leaves_the_drivers_code(followed):
    code, out, err = followed(Api("FAILED", 1), Broken(StoreError("http://mlflow: away")))
    assert (code, out) == (1, "") and "ended with exit code 1; no result can be read: http://mlflow: away" in err


def test_a_result_that_is_missing_after_a_success_is_an_error():
    with click.Context(click.Command("launch")), pytest.raises(StoreError, match="away"):
        _follow(Api("SUCCEEDED", 0), "hpsearch-tiny-1", "tiny", True, Broken(StoreError("http://mlflow: away")))


def test_a_sweep_whose_driver_was_killed_does_not_run_any_more(followed, addresses, monkeypatch):
    store = Store(addresses.tracking, addresses.home)
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny", "hpsearch.state": "running"}
    store.create_run(store.experiment("hpsearch"), "tiny", tags, 1000)
    monkeypatch.setattr("hpsearch.results.lookup.Lookup._driven_here", lambda *_: None)  # as seen from a client
    api = Api("FAILED", -9, "killed")
    code, out, _ = followed(api, _lookup(addresses, SweepJobs(api)))
    assert code == 137 and json.loads(out)["state"] == "interrupted"


@pytest.fixture
def interrupted(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Follower, "follow", interrupt)


def test_who_stops_following_is_told_that_the_sweep_goes_on(followed, interrupted):
    goes_on = "\ntiny: goes on without you; watch it: hpsearch logs tiny -f; end it: hpsearch stop tiny\n"
    assert followed(Api()) == (130, goes_on, "")
    assert followed(Api(), Broken(None)) == (130, "", goes_on)  # stdout is the JSON object's alone


def test_who_stops_waiting_for_the_doctor_is_not_told_to_stop_the_sweep(followed, interrupted, monkeypatch, addresses):
    monkeypatch.setattr(launch, "reach", lambda _: (Api(), SweepJobs(Api())))
    code, out, err = followed(None, follow=lambda *_: examine_sweep("tiny", addresses))
    assert (code, err) == (130, "")
    assert out == "\ntiny: its records go on being compared, which changes nothing and ends by itself\n"


@pytest.mark.parametrize("exit_code", [0, 1])
def test_the_doctor_ends_as_its_comparison_does(followed, monkeypatch, addresses, exit_code):
    api = Api("FAILED" if exit_code else "SUCCEEDED", exit_code)
    monkeypatch.setattr(launch, "reach", lambda _: (api, SweepJobs(api)))
    assert followed(None, follow=lambda *_: examine_sweep("tiny", addresses)) == (exit_code, "a line\n", "")
