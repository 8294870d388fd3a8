"""Following a job: what is shown, what is waited for and what is not, on a clock of the test's own."""

from __future__ import annotations

import json

import pytest
from answering import Answering
from timers import QuickTimer

from hpsearch.errors import ClusterError, ClusterUnavailable
from hpsearch.launch.follow import Follower
from hpsearch.launch.jobs_api import JobsApi

RUNNING = json.dumps({"submission_id": "j", "status": "RUNNING"})
DONE = json.dumps({"submission_id": "j", "status": "SUCCEEDED", "driver_exit_code": 0})
LOG = json.dumps({"logs": "Running entrypoint for job j: x\ntrial 0\n"})


def follow(*answers, show=print):
    timer = QuickTimer()
    return Follower(JobsApi(Answering(*answers)), show, timer=timer).follow("j"), timer


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_who_follows_a_job_waits_while_the_cluster_is_in_trouble(status):
    trouble, lines = (status, "<h1>Bad Gateway</h1>"), []
    answers = [trouble, (200, RUNNING), trouble, (200, RUNNING), (200, LOG), trouble, (200, DONE), (200, LOG)]
    job, timer = follow(*answers, show=lines.append)
    assert job.status == "SUCCEEDED" and lines == ["trial 0"]
    assert len(timer.waits) == 4 and max(timer.waits) < 1.1


def test_who_follows_a_job_gives_up_on_a_cluster_that_stays_in_trouble():
    timer = QuickTimer()
    with pytest.raises(ClusterUnavailable, match=r"^http://cluster: HTTP status 503: down$"):
        Follower(JobsApi(Answering((503, "down"))), print, timer=timer).follow("j")
    assert 90 < timer.now() < 93


def test_what_the_cluster_refuses_is_not_waited_for():
    timer = QuickTimer()
    with pytest.raises(ClusterError, match="the token of Ray's Jobs API is wrong") as raised:
        Follower(JobsApi(Answering((403, ""))), print, timer=timer).follow("j")
    assert not isinstance(raised.value, ClusterUnavailable) and timer.waits == []


def test_a_long_log_is_fetched_less_often():
    log = json.dumps({"logs": "Running entrypoint for job j: x\n" + "x" * 2**20})
    _, timer = follow((200, RUNNING), (200, log), (200, DONE), (200, log), show=lambda _: None)
    assert timer.waits == [pytest.approx(3, abs=0.1)]
