"""What is known of a sweep whose driver a cluster has killed, and of a comparison of records that runs there."""

from __future__ import annotations

import json

import pytest
from job_stand_ins import OneJob

from hpsearch.cli import launch
from hpsearch.cli.launch import _lookup, examine_sweep
from hpsearch.launch.sweep_jobs import SweepJobs
from hpsearch.tracking import open_store


def test_a_sweep_whose_driver_was_killed_does_not_run_any_more(followed, addresses, monkeypatch):
    store = open_store(addresses.tracking, addresses.home)
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny", "hpsearch.state": "running"}
    store.create_run(store.experiment("hpsearch"), "tiny", tags, 1000)
    monkeypatch.setattr("hpsearch.results.lookup.Lookup._driven_here", lambda *_: None)  # as seen from a client
    api = OneJob("FAILED", -9, "killed")
    code, out, _ = followed(api, _lookup(addresses, SweepJobs(api)))
    assert code == 137 and json.loads(out)["state"] == "interrupted"


def test_who_stops_waiting_for_the_doctor_is_not_told_to_stop_the_sweep(followed, interrupted, monkeypatch, addresses):
    monkeypatch.setattr(launch, "reach", lambda _: (OneJob(), SweepJobs(OneJob())))
    code, out, err = followed(None, follow=lambda *_: examine_sweep("tiny", addresses))
    assert (code, err) == (130, "")
    assert out == "\ntiny: the comparison of its records keeps running, which changes nothing and ends by itself\n"


@pytest.mark.parametrize("exit_code", [0, 1])
def test_the_doctor_ends_as_its_comparison_does(followed, monkeypatch, addresses, exit_code):
    api = OneJob("FAILED" if exit_code else "SUCCEEDED", exit_code)
    monkeypatch.setattr(launch, "reach", lambda _: (api, SweepJobs(api)))
    assert followed(None, follow=lambda *_: examine_sweep("tiny", addresses)) == (exit_code, "a line\n", "")
