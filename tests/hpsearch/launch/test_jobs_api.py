"""What the Jobs API's answers mean; answered by hand, no cluster is needed."""

from __future__ import annotations

import json

import click
import pytest

from hpsearch.cli.launch import _follow
from hpsearch.errors import ClusterError
from hpsearch.launch import follow
from hpsearch.launch.follow import Follower
from hpsearch.launch.jobs_api import JobsApi, Submission, UnknownJob, Unreachable, _Answer


@pytest.fixture
def api(monkeypatch):
    """A Jobs API that knows nothing."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", "token")
    api = JobsApi("http://cluster")
    monkeypatch.setattr(api, "_send", lambda *_: _Answer(404, b"Job not found", None))
    return api


@pytest.mark.parametrize("ask", ["job", "logs", "stop", "delete"])
def test_a_job_that_the_head_has_forgotten_is_named(api, ask):
    with pytest.raises(UnknownJob) as raised:
        getattr(api, ask)("hpsearch-a-1")
    assert str(raised.value) == "http://cluster: knows no job hpsearch-a-1 (did the head restart?)"


@pytest.mark.parametrize("ask", ["jobs", "version", "nodes"])
def test_a_server_without_the_jobs_api_is_said_to_be_none(api, ask):
    with pytest.raises(ClusterError, match=r"must be Ray's Jobs API, but it knows no such page$"):
        getattr(api, ask)()


def test_who_follows_a_job_that_is_gone_is_told_to_resume_the_sweep(api):
    with click.Context(click.Command("logs")), pytest.raises(ClusterError) as raised:
        _follow(api, "hpsearch-a-1", "a", err=False)
    assert str(raised.value).endswith("(did the head restart?); go on with it: hpsearch resume a")


@pytest.fixture
def answering(monkeypatch):
    """Return a Jobs API that gives these answers one after the other, the last one for ever."""
    monkeypatch.setattr(follow, "_POLL_SECONDS", 0.01)

    def answering(*answers):
        left = [_Answer(status, body.encode(), None) for status, body in answers]
        api = JobsApi("http://cluster")
        monkeypatch.setattr(api, "_send", lambda *_: left.pop(0) if len(left) > 1 else left[0])
        return api

    return answering


RUNNING = json.dumps({"submission_id": "j", "status": "RUNNING"})
DONE = json.dumps({"submission_id": "j", "status": "SUCCEEDED", "driver_exit_code": 0})
LOG = json.dumps({"logs": "Running entrypoint for job j: x\ntrial 0\n"})


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_who_follows_a_job_waits_while_the_cluster_is_in_trouble(answering, status):
    trouble, seen = (status, "<h1>Bad Gateway</h1>"), []
    api = answering(trouble, (200, RUNNING), trouble, (200, RUNNING), (200, LOG), trouble, (200, DONE), (200, LOG))
    assert Follower(api, seen.append).follow("j").status == "SUCCEEDED"
    assert seen == ["trial 0"]


def test_who_follows_a_job_gives_up_on_a_cluster_that_stays_in_trouble(answering):
    with pytest.raises(Unreachable, match=r"^http://cluster: HTTP status 503: down$"):
        Follower(answering((503, "down")), print, patience=0.05).follow("j")


def test_what_the_cluster_refuses_is_not_waited_for(answering):
    with pytest.raises(ClusterError, match="the token of Ray's Jobs API is wrong") as raised:
        Follower(answering((403, "")), print).follow("j")
    assert not isinstance(raised.value, Unreachable)


def test_a_job_that_is_refused_with_status_500_says_why(answering):
    refusing = answering((500, "Traceback\nRuntimeError: no such package\n"))
    with pytest.raises(ClusterError, match=r"the job was refused: RuntimeError: no such package$"):
        refusing.submit(Submission("j", "x", None, {}, {}))


@pytest.mark.parametrize("body", ["7", "null", '["a"]', "[[]]", '{"data": 1}', '[{"submission_id": "j"}]', "<html>"])
@pytest.mark.parametrize("ask", [("version",), ("jobs",), ("job", "j"), ("logs", "j"), ("nodes",)], ids=" ".join)
def test_what_another_server_answers_is_one_line(answering, ask, body):
    with pytest.raises(ClusterError, match=r"^http://cluster: must be Ray's Jobs API, but another server answers"):
        getattr(answering((200, body)), ask[0])(*ask[1:])
