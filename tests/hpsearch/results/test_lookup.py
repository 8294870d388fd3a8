"""What MLflow's records say of a sweep, and what of that is true while nobody drives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpsearch.locking.file_lease import hold
from hpsearch.results.lookup import Lookup
from hpsearch.sweep.conclude.trials_table import trials_table
from hpsearch.tracking import open_store

SWEEP = {"hpsearch.sweep": "tiny"}


@pytest.fixture
def recorded(addresses):
    """A sweep as its driver left it: trial 0 complete, 1 interrupted, 2 running, 3 interrupted and begun again."""
    store = open_store(addresses.tracking, addresses.home)
    experiment = store.experiment("hpsearch")
    store.create_run(experiment, "tiny", {**SWEEP, "hpsearch.kind": "sweep", "hpsearch.state": "running"}, 1000)
    for number, state in enumerate(["complete", "interrupted", "", "interrupted"]):
        tags = {**SWEEP, "hpsearch.kind": "trial", "hpsearch.trial": str(number), "hpsearch.state": state}
        run = store.create_run(experiment, f"trial-{number:04d}", tags, 2000)
        if state:
            store.end_run(run, "FINISHED" if state == "complete" else "KILLED", 3000)
        if number == 3:
            store.reopen_run(run)
    return addresses


def states(lookup):
    return trials_table(lookup.trials("tiny"))["state"].tolist()


def seen(addresses, elsewhere=None):
    """Return the sweep's state and how many of its trials run."""
    lookup = Lookup(addresses, elsewhere)
    view = lookup.sweep("tiny")
    assert view.running == states(lookup).count("running")
    return view.state, view.running


def on_a_server(addresses):
    """Return the addresses with one that is not in the home; the study still is."""
    return replace(addresses, ray="127.0.0.1:6379")


def test_while_somebody_drives_a_sweep_what_was_interrupted_waits_and_the_rest_runs(recorded):
    with hold(recorded.sweep("tiny"), "tiny"):
        lookup = Lookup(recorded)
        assert states(lookup) == ["complete", "waiting", "running", "running"]
        assert seen(recorded) == ("running", 2)
        again = lookup.trials("tiny")[3]
    assert (again.started_ms, again.ended_ms) == (2000, None)  # the end of its first try is not its own


def test_nothing_runs_in_a_sweep_whose_driver_was_killed(recorded):
    assert seen(recorded) == ("interrupted", 0)
    table = trials_table(Lookup(recorded).trials("tiny"))
    assert table["state"].tolist() == ["complete", "waiting", "waiting", "waiting"]
    assert table["started"].notna().tolist() == table["ended"].notna().tolist() == [True, False, False, False]


@pytest.mark.parametrize("elsewhere", [True, False, None])
def test_a_sweep_driven_here_runs_whatever_the_cluster_says(recorded, elsewhere):
    with hold(recorded.sweep("tiny"), "tiny"):
        assert seen(on_a_server(recorded), lambda _: elsewhere) == ("running", 2)


@pytest.mark.parametrize(
    ("elsewhere", "state"),
    [(True, ("running", 2)), (False, ("interrupted", 0)), (None, ("running", 2))],
    ids=["driven", "not driven", "no answer"],
)
def test_a_sweep_that_is_not_driven_here_is_what_the_cluster_says(recorded, elsewhere, state):
    assert seen(on_a_server(recorded), lambda _: elsewhere) == state
    recorded.sweep("tiny").mkdir(parents=True)
    assert seen(on_a_server(recorded), lambda _: elsewhere) == state


def test_without_a_cluster_the_lock_of_a_study_here_tells_that_nobody_drives_it(recorded):
    assert seen(on_a_server(recorded)) == ("running", 2)  # begun on another machine: MLflow's word stands
    recorded.sweep("tiny").mkdir(parents=True)
    assert seen(on_a_server(recorded)) == ("interrupted", 0)


def test_a_study_in_a_database_server_may_be_driven_from_another_machine(recorded):
    recorded.sweep("tiny").mkdir(parents=True)
    assert seen(replace(recorded, storage="postgresql+psycopg://db/hp")) == ("running", 2)


def test_a_lock_that_cannot_be_read_tells_nothing(recorded, monkeypatch):
    def refused(_):
        raise PermissionError

    monkeypatch.setattr("hpsearch.results.lookup.held", refused)
    assert seen(recorded) == ("running", 2)
