"""What the Jobs API's answers mean; answered by hand, no cluster is needed."""

from __future__ import annotations

import click
import pytest
from answering import Answering

from hpsearch.cli.follow import follow_sweep
from hpsearch.errors import ClusterError
from hpsearch.launch.jobs_api import JobExists, JobsApi, Submission, UnknownJob


@pytest.fixture
def answering():
    return lambda *answers: JobsApi(Answering(*answers))


@pytest.fixture
def api(answering):
    """A Jobs API that knows nothing."""
    return answering((404, "Job not found"))


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
        follow_sweep(api, "hpsearch-a-1", "a", err=False)
    assert str(raised.value).endswith("(did the head restart?); go on with it: hpsearch resume a")


def test_a_job_that_is_refused_with_status_500_says_why(answering):
    refusing = answering((500, "Traceback\nRuntimeError: no such package\n"))
    with pytest.raises(ClusterError, match=r"the job was refused: RuntimeError: no such package$"):
        refusing.submit(Submission("j", "x", None, {}, {}))


@pytest.mark.parametrize("body", ["7", "null", '["a"]', "[[]]", '{"data": 1}', '[{"submission_id": "j"}]', "<html>"])
@pytest.mark.parametrize("ask", [("version",), ("jobs",), ("job", "j"), ("logs", "j"), ("nodes",)], ids=" ".join)
def test_what_another_server_answers_is_one_line(answering, ask, body):
    with pytest.raises(ClusterError, match=r"^http://cluster: must be Ray's Jobs API, but another server answers"):
        getattr(answering((200, body)), ask[0])(*ask[1:])


@pytest.mark.parametrize(("known", "requests"), [(200, ["GET"]), (404, ["GET", "PUT"])])
def test_a_package_travels_unless_the_cluster_has_it(known, requests):
    http = Answering((known, ""), (200, ""))
    JobsApi(http).upload("_ray_pkg_0.zip", b"PK")
    assert http.requests == [(method, "/api/packages/gcs/_ray_pkg_0.zip") for method in requests]


def test_a_job_that_is_there_is_told_from_one_that_is_refused(answering):
    with pytest.raises(JobExists, match=r"^j: a job of that id exists$"):
        answering((400, "ValueError: Job with submission_id j already exists.")).submit(
            Submission("j", "x", None, {}, {})
        )
