"""Faults of the driver: killed at any moment, terminated, killed at a step, with a clock that is set back.

Every sweep here is resumed where it had stopped, and then the invariant must hold.
"""

from __future__ import annotations

import random
import signal
import sys
import time

import pytest
from processes import until

SETTLED_MS = 6_000  # shares are reckoned every three seconds, and what runs is run to its end
pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

KILLS = 4


def test_a_driver_killed_again_and_again_is_resumed_and_runs_only_the_rest(steady, sweep, within, request):
    """Row 8. One sweep, killed at `KILLS` random moments; the long run gives 20 times as many."""
    moments = random.Random(request.node.name)
    hurt = sweep(steady.env, search={"trials": 8 * KILLS})
    driver = hurt.run()
    for _ in range(KILLS):
        driver.until_acknowledged(2)
        time.sleep(moments.uniform(0, 1))
        driver.killed()
        driver = hurt.resume()
    driver.until_acknowledged(1)
    with within(30, "the rest"):
        driver.finished()
    hurt.check()
    # Each kill costs at most the two trials at work, and two that had just ended and were not acknowledged yet.
    assert len(hurt.attempts()) <= 12 * KILLS


def test_a_terminated_driver_records_what_there_is_and_exits_with_143(steady, sweep, within):
    """Row 9."""
    hurt = sweep(steady.env, search={"trials": 4}, settings={"epochs": 120})
    driver = hurt.run()
    hurt.training()
    until(lambda: any(run.status == "RUNNING" for run in hurt.runs().values()), 30)
    with within(10, "the end"):
        driver.signal(signal.SIGTERM)
        driver.finished(code=143)
    runs = hurt.runs()
    assert runs
    assert {run.status for run in runs.values()} == {"KILLED"}
    assert {run.tags["hpsearch.state"] for run in runs.values()} == {"interrupted"}
    hurt.resume().finished(120)
    hurt.check()


@pytest.mark.parametrize("step", ["Study.tell", "Recorder.acknowledge", "Store.end_run"])
def test_a_driver_killed_between_telling_and_closing_is_reconciled_from_the_study(steady, sweep, within, step):
    """Row 10, with real workers; every other step is in tests/hpsearch/sweep/test_crashes.py."""
    hurt = sweep(steady.env, search={"trials": 4})
    driver = hurt.run(FAULT_DIE_AFTER=f"{step}:2")
    driver.finished(120, code=-signal.SIGKILL)
    told = {trial.number for trial in hurt.stores()[0].trials() if trial.state is not None}
    driver = hurt.resume()
    driver.until_acknowledged(1)
    with within(30, step):
        driver.finished()
    again = {number for number, _ in driver.acknowledged()}
    assert told.isdisjoint(again)
    assert told | again == set(range(4))
    hurt.check()


def test_a_clock_set_back_an_hour_breaks_no_order_and_no_lease(steady, sweep, tmp_path):
    switch = tmp_path / "an hour late"
    hurt = sweep(steady.env, search={"trials": 8}, settings={"epochs": 20})
    driver = hurt.run(FAULT_CLOCK_BACK=str(switch))
    driver.until_acknowledged(2)
    switch.touch()
    driver.until_acknowledged(5)
    driver.killed()
    hurt.resume(FAULT_CLOCK_BACK=str(switch)).finished(120)
    hurt.check()
    runs = hurt.runs().values()
    assert all(run.ended_ms >= run.started_ms for run in runs)
    assert max(run.started_ms for run in runs) - min(run.started_ms for run in runs) > 3000_000  # it was set back


def test_infeasible_resources_are_refused_before_anything_starts(steady, sweep, tmp_path):
    """Row 20, on this machine and in a cluster. The bound leaves out the imports, and Ray's and MLflow's start."""
    began = {"this machine": {"imports"}, "largest node": {"imports", "mlflow", "ray"}}
    for env, where in (({}, "this machine"), (steady.env, "largest node")):
        hurt = sweep(env, cpus=99)
        hurt.run(FAULT_STEPS=str(tmp_path / where)).finished(code=2)
        ended = time.monotonic()
        steps = {name: float(at) for name, at in map(str.split, (tmp_path / where).read_text().splitlines())}
        assert steps.keys() == began[where]
        took = ended - max(steps.values())
        print(f"MEASURED refusal, {where}: {took:.1f} s of 5", file=sys.__stdout__)
        assert took <= 5
        text = hurt.drivers[0].text()
        assert "cpus" in text
        assert "99" in text
        assert where in text
        assert len(text.strip().splitlines()) == 1
        assert not (hurt.home / "sweeps" / "hurt").exists()
        assert not hurt.runs_of_any()


def test_three_sweeps_on_one_cluster_share_it_and_a_failing_one_harms_no_other(steady, sweep, home):
    one = sweep(steady.env, name="one", search={"trials": 16}, settings={"epochs": 20})
    two = sweep(steady.env, name="two", search={"trials": 16}, settings={"epochs": 20})
    wrong = {"settings": {"wrong": 2.0, "how": "raise"}, "search": {"trials": 20, "max_failures": 3}}
    bad = sweep(steady.env, name="bad", **wrong)
    for each in (one, two, bad):
        each.run()
    bad.drivers[0].finished(120, code=1)
    assert "3 trials failed one after the other" in bad.drivers[0].text()
    one.drivers[0].finished(120)
    two.drivers[0].finished(120)
    one.check()
    two.check()
    assert not [run for run in bad.runs().values() if run.status == "RUNNING"]
    bad.mend()
    bad.resume().finished(120)
    bad.check()
    assert bad.stores()[0].counts().failed == 3


def test_two_sweeps_that_each_want_a_whole_cluster_have_half_of_it_each(steady, sweep):
    both = [
        sweep(steady.env, name=name, workers=4, search={"trials": 40}, settings={"epochs": 20})
        for name in ("one", "two")
    ]
    for each in both:
        each.run()
    for each in both:
        each.drivers[0].finished(180)
        each.check()
    spans = [[(run.started_ms, run.ended_ms) for run in each.runs().values()] for each in both]
    begin = max(min(start for start, _ in trials) for trials in spans) + SETTLED_MS
    end = min(max(start for start, _ in trials) for trials in spans)
    assert end - begin > 5_000, "the two hardly ran side by side"
    addresses = [sum(max(0, min(end, b) - max(begin, a)) for a, b in trials) / (end - begin) for trials in spans]
    print(f"MEASURED addresses of four: {addresses[0]:.2f} and {addresses[1]:.2f} over {(end - begin) / 1000:.0f} s")
    assert all(1.5 <= held <= 2.5 for held in addresses), addresses
