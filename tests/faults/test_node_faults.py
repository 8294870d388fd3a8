"""Faults of nodes: one that joins, one that dies, one that freezes and thaws, and the loss of Ray's own head."""

from __future__ import annotations

import pytest
from clusters import ray_process
from processes import children, kill, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A cluster whose head trains nothing; the tests add the nodes."""
    from clusters import RayNodes

    nodes = RayNodes(tmp_path_factory.mktemp("field"), cpus=0)
    yield nodes
    nodes.end()


@pytest.fixture
def node(field):
    """Add nodes that go with the test, also those that died, froze or thawed in it: the next one begins with none."""
    added = []

    def add():
        added.append(field.add(1))
        return added[-1]

    yield add
    for one in added:
        field.thaw(children(one["raylet"]))
        field.kill(one)


def on_node(hurt, place):
    """Return an attempt at a trial that this node is training, or None."""
    return hurt.in_training(children(place["raylet"]))


def test_a_node_added_while_a_sweep_runs_takes_trials(field, node, sweep, within):
    first = node()
    hurt = sweep(field.env, search={"trials": 16}, settings={"epochs": 30})
    driver = hurt.run()
    until(lambda: on_node(hurt, first), 60, driver.text)
    second = node()
    with within(10, "its first trial"):
        until(lambda: on_node(hurt, second), 30, driver.text)
    driver.finished()
    hurt.check()


def test_trials_of_a_node_that_dies_run_again_elsewhere(field, node, sweep, within):
    """Row 3."""
    first, second = node(), node()
    hurt = sweep(field.env, search={"trials": 8}, settings={"epochs": 60})
    driver = hurt.run()
    until(lambda: on_node(hurt, first), 60, driver.text)
    seed = until(lambda: on_node(hurt, second), 60, driver.text).seed
    with within(45, "again"):
        field.kill(second)
        hurt.until_again(seed, 60)
    driver.finished()
    hurt.check()
    assert len(hurt.attempts_of(seed)) == 2


def test_trials_of_a_node_that_freezes_run_again_and_what_it_says_later_is_ignored(field, node, sweep, within):
    """Rows 4 and 5. Silence is asked about after three seconds, and the deadline set here is six."""
    first, second = node(), node()
    hurt = sweep({**field.env, "HPSEARCH_SILENCE_SECONDS": "6"}, search={"trials": 12}, settings={"epochs": 60})
    driver = hurt.run()
    until(lambda: on_node(hurt, first), 60, driver.text)
    seed = until(lambda: on_node(hurt, second), 60, driver.text).seed
    with within(3 + 6 + 15, "again"):
        stopped = field.freeze(second)
        hurt.until_again(seed, 60)
    field.thaw(stopped)
    with within(45, "the rest"):
        driver.finished()
    hurt.check()
    assert len(hurt.attempts_of(seed)) == 2


def test_the_loss_of_rays_head_ends_the_driver_in_an_error_and_the_sweep_can_be_resumed(sweep, within):
    """Row 11. Ray tries to reach its head for a minute; the bound is for that, the test is for ten seconds."""
    hurt = sweep({"RAY_gcs_rpc_server_reconnect_timeout_s": "10"}, search={"trials": 10}, settings={"epochs": 60})
    driver = hurt.run()
    driver.until_acknowledged(1)
    with within(75 - 50, "the end"):
        kill(ray_process(driver.pid, "gcs_server"))
        assert driver.wait(75) not in (0, None)
    hurt.resume().finished(120)
    hurt.check()
