"""`stop`: what is said of a sweep is what MLflow knows of it, once its driver has ended."""

from __future__ import annotations

import pytest
from commands import Sweep, hpsearch, write_spec
from sample_specs import tiny

from hpsearch.cli import main, stop
from hpsearch.errors import UnknownSweep
from hpsearch.launch import stop_here
from hpsearch.launch.jobs_api import Job
from hpsearch.locking.file_lease import hold
from hpsearch.tracking import open_store


class Jobs:
    """The jobs of one sweep, which end as `status`; None: there is none."""

    def __init__(self, status):
        self.status = status

    def stop(self, name):
        if self.status is None:
            raise UnknownSweep(f"{name}: no driver of that sweep is running; jobs there are of: none")
        return Job("hpsearch-tiny-1", self.status, "", None, {})


@pytest.fixture
def said(addresses, monkeypatch, capsys):
    """Stop the sweep `tiny`, whose job ends as `status` and whose run says `state`."""

    def said(status="STOPPED", state=None, *flags):
        if state is not None:
            store = open_store(addresses.tracking, addresses.home)
            tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny", "hpsearch.state": state}
            store.create_run(store.experiment("hpsearch"), "tiny", tags, 1000)
        monkeypatch.setenv("HPSEARCH_RAY", "http://127.0.0.1:9")
        monkeypatch.setattr(stop, "reach", lambda _: (None, Jobs(status)))
        with pytest.raises(SystemExit) as ended:
            main(["stop", "tiny", "--home", str(addresses.home), *flags])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return said


def test_a_sweep_that_recorded_everything_is_stopped(said):
    assert said("STOPPED", "interrupted") == (0, "tiny: stopped; go on with it: hpsearch resume tiny\n", "")


def test_a_sweep_whose_driver_ray_had_to_kill_is_no_success(said):
    code, out, err = said("STOPPED", "running")
    assert (code, out) == (1, "")
    assert err == (
        "tiny: its driver was killed (Ray kills it 120 s after the signal), so not everything is recorded; "
        "put it in order: hpsearch resume tiny\n"
    )


@pytest.mark.parametrize(("status", "state"), [("SUCCEEDED", "running"), ("STOPPED", "finished"), ("FAILED", "failed")])
def test_a_sweep_that_had_just_finished_was_not_stopped(said, status, state):
    assert said(status, state) == (0, "tiny: had finished\n", "")


def test_a_driver_that_had_ended_with_an_error_is_no_success(said):
    code, _, err = said("FAILED", "stopped")
    assert code == 1 and "its driver had ended with an error" in err


def test_a_job_that_had_not_begun_leaves_nothing_to_resume(said):
    assert said("STOPPED") == (0, "tiny: stopped before anything of it was recorded\n", "")


def test_where_mlflow_cannot_be_asked_no_success_is_claimed(said, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, out, err = said("STOPPED")
    assert (code, out) == (1, "") and "whether everything is recorded cannot be told: http://127.0.0.1:9: " in err


def test_with_a_cluster_configured_a_sweep_that_runs_here_can_be_stopped(said, addresses, monkeypatch):
    with hold(addresses.sweep("tiny"), "tiny"):
        code, _, err = said(None, "interrupted")
        assert code == 2 and err.endswith("; one runs on this machine: hpsearch stop tiny --here\n")
    stopped = []
    monkeypatch.setattr(stop_here, "stop_here", lambda folder, name: stopped.append(folder))
    told = "tiny: stopped; go on with it: hpsearch resume tiny --here\n"
    assert said(None, None, "--here") == (0, told, "")
    assert stopped == [addresses.sweep("tiny")]


def test_what_runs_nowhere_is_not_said_to_run_here(said):
    code, _, err = said(None)
    assert code == 2 and "--here" not in err


@pytest.mark.slow
def test_a_sweep_of_this_machine_is_ended_in_good_order_even_with_a_cluster_configured(tmp_path, addresses):
    slow = {"epochs": 20, "pause": 0.3}
    spec = write_spec(tmp_path / "spec", tiny(trainer="sample_trainers:Slow", settings=slow, search__trials=100))
    with Sweep(tmp_path, "run", spec, "--here", "--home", addresses.home) as sweep:
        sweep.wait_for_trials(1)
        elsewhere = {"HPSEARCH_RAY": "http://127.0.0.1:9", "RAY_AUTH_TOKEN": "t"}
        stopped = hpsearch("stop", "tiny", "--here", "--home", addresses.home, **elsewhere)
        assert (stopped.returncode, stopped.stderr) == (0, "")
        assert stopped.stdout == "tiny: stopped; go on with it: hpsearch resume tiny --here\n"
        assert sweep.wait() == 143
    again = hpsearch("stop", "tiny", "--home", addresses.home)
    assert again.returncode == 2 and "no driver of that sweep is running here" in again.stderr
