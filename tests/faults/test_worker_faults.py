"""Faults of workers and trainers: killed, frozen, unheard; a trainer that raises, exits, outgrows, hangs."""

from __future__ import annotations

import json
import signal

import pytest
from processes import alive, kill, until

from hpsearch.trial import State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

# In 999 of 1,000 runs of 40 trials some reply of a trial is lost, and no trial loses so many that it fails.
LOST_REPLIES = {
    "CoreWorkerService.grpc_client.PushTask": {
        "num_failures": 12,
        "req_failure_prob": 0,
        "resp_failure_prob": 20,
        "in_flight_failure_prob": 0,
    }
}


SAID = {
    "raise": "RuntimeError: the moon is in the wrong phase",
    "exit": "the tide went out",  # on its stderr, before it was gone
    "memory": "MemoryError",
    "hang": "time.sleep(3600)",  # where it hangs
}


def test_a_trial_whose_worker_is_killed_runs_again_and_is_counted_once(steady, sweep, within):
    """Row 1."""
    hurt = sweep(steady.env, settings={"epochs": 20})
    driver = hurt.run()
    seed, pid, _ = hurt.training()
    with within(30, "again"):
        kill(pid)
        hurt.until_again(seed, 30)
    driver.finished()
    hurt.check()
    assert len(hurt.attempts_of(seed)) == 2


def test_a_trial_whose_worker_is_killed_every_time_fails_and_the_sweep_goes_on(steady, sweep, within):
    """Row 2."""
    hurt = sweep(steady.env, settings={"epochs": 40})
    driver = hurt.run()
    seed, pid, _ = hurt.training()
    with within(60, "FAIL"):
        kill(pid)
        kill(hurt.until_again(seed, 30).pid)
        driver.wait_for("lost 2 times", 30)
    driver.finished()
    hurt.check()
    assert hurt.stores()[0].counts().failed == 1
    assert len(hurt.attempts_of(seed)) == 2


def test_a_frozen_worker_is_given_up_and_its_trial_runs_again(steady, sweep, within):
    """Row 6. Silence is asked about after three seconds, and the deadline set here is six."""
    hurt = sweep({**steady.env, "HPSEARCH_SILENCE_SECONDS": "6"}, settings={"epochs": 20})
    driver = hurt.run()
    seed, pid, _ = hurt.training()
    with within(3 + 6 + 10, "again"):
        kill(pid, signal.SIGSTOP)
        hurt.until_again(seed, 40)
    driver.finished()
    hurt.check()
    until(lambda: not alive(pid), 10, "the frozen process is still there")
    assert len(hurt.attempts_of(seed)) == 2


def test_lost_replies_of_workers_make_no_second_trial(steady, sweep, within):
    """Row 7."""
    hurt = sweep(
        {**steady.env, "RAY_testing_rpc_failure": json.dumps(LOST_REPLIES)},
        search={"trials": 40},
        settings={"epochs": 3},
    )
    driver = hurt.run()
    hurt.training()
    with within(40, "the sweep"):
        driver.finished()
    hurt.check()
    assert hurt.stores()[0].counts().complete == hurt.budget
    assert len(hurt.attempts()) > hurt.budget, "no reply was lost"


def test_trainers_that_raise_exit_outgrow_or_hang_cost_their_trials_only(steady, sweep, tmp_path):
    ways = ["", "raise", "exit", "memory", "hang"]
    hurt = sweep(
        steady.env,
        space={"how": {"choices": ways}},
        settings={"wrong": 2.0},
        search={"trials": len(ways), "sampler": "grid"},
        memory_gib=1,
        trial_timeout_seconds=8,
    )
    hurt.run().finished(120)
    hurt.check()
    study, store = hurt.stores()
    trials = {trial.params["how"]: trial for trial in study.trials()}
    assert trials.pop("").state is State.COMPLETE
    assert {trial.state for trial in trials.values()} == {State.FAILED}
    assert trials["raise"].reason == "RuntimeError: the moon is in the wrong phase"
    assert trials["exit"].reason.startswith("lost 2 times, at last: the worker process died")
    assert trials["memory"].reason.startswith("MemoryError") or "ArrayMemoryError" in trials["memory"].reason
    assert trials["hang"].reason == "timeout: took longer than trial_timeout_seconds=8"
    runs = hurt.runs()
    for how, trial in trials.items():
        told = store.fetch(runs[trial.number].run_id, "error.txt", tmp_path / how).read_text().splitlines()
        assert 1 <= len(told) <= 50, how
        assert any(SAID[how] in line for line in told), told
    assert len(hurt.attempts()) == len(ways) + 1  # only the one whose process died ran twice


def test_failures_in_a_row_stop_the_sweep_which_says_why(steady, sweep):
    hurt = sweep(
        steady.env, search={"trials": 20, "max_failures": 3}, settings={"wrong": 2.0, "how": "raise", "pause": 0.01}
    )
    driver = hurt.run()
    driver.finished(60, code=1)
    assert "3 trials failed one after the other, the last one: RuntimeError: the moon" in driver.text()
    assert all(run.status != "RUNNING" for run in hurt.runs().values())
    assert "Traceback" not in driver.text()
    hurt.mend()
    hurt.resume().finished()
    hurt.check()
    counts = hurt.stores()[0].counts()
    assert (counts.failed, counts.complete) == (3, 17)
