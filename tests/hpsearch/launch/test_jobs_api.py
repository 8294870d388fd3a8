"""What the Jobs API's answers mean; answered by hand, no cluster is needed."""

from __future__ import annotations

import click
import pytest

from hpsearch.cli.launch import _follow
from hpsearch.errors import ClusterError
from hpsearch.launch.jobs_api import JobsApi, UnknownJob, _Answer


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
