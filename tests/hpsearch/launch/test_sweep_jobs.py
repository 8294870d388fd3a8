"""Which job belongs to which sweep: attempts, refusals, and whether a sweep has a driver. No cluster is needed."""

from __future__ import annotations

import pytest
from timers import QuickTimer

from hpsearch.errors import ClusterError, ClusterUnavailable, SweepBusy, SweepExists, UnknownSweep
from hpsearch.launch.follow import exit_code, lines_of
from hpsearch.launch.job_package import JobPackage
from hpsearch.launch.jobs_api import Job, JobExists
from hpsearch.launch.sweep_jobs import SweepJobs

BAG = JobPackage("_ray_pkg_0.zip", b"PK")


class Api:
    address = "http://cluster"

    def __init__(self, *jobs, taken=False):
        self.known, self.taken, self.submitted, self.uploaded = list(jobs), taken, [], []

    def jobs(self):
        return self.known

    def upload(self, package, content):
        self.uploaded.append(package)

    def submit(self, submission):
        if self.taken:
            raise JobExists(submission.id)
        self.submitted.append(submission)


class DeadApi(Api):
    def jobs(self):
        raise ClusterError("http://cluster: does not answer")


def job(name, attempt, status="RUNNING", code=None, message=""):
    marks = {"hpsearch.sweep": name, "hpsearch.attempt": str(attempt)}
    return Job(f"hpsearch-{name}-{attempt}", status, message, code, marks)


def launch(api, recorded=False):
    return SweepJobs(api).launch("a", BAG, lambda _: recorded)


def test_a_jobs_id_is_the_sweeps_name_and_the_next_attempt():
    assert launch(Api()) == "hpsearch-a-1"
    assert launch(Api(job("a", 1, "FAILED"), job("b", 7))) == "hpsearch-a-2"
    assert SweepJobs(Api(job("a", 9, "STOPPED"), job("a", 10, "FAILED"))).resume("a") == "hpsearch-a-11"


def test_a_sweep_of_a_similar_name_is_another_one():
    assert launch(Api(job("a-1", 1), job("a.b", 1))) == "hpsearch-a-1"


@pytest.mark.parametrize(
    ("api", "recorded"),
    [(Api(job("a", 1)), False), (Api(), True), (Api(taken=True), False)],
    ids=["a job", "a run", "an upload"],
)
def test_a_launch_under_a_taken_name_is_refused_as_on_one_machine(api, recorded):
    with pytest.raises(SweepExists, match="a: a sweep of that name exists; go on with it: hpsearch resume a"):
        launch(api, recorded)


def test_a_resume_beside_a_running_driver_is_refused():
    with pytest.raises(SweepBusy, match="job hpsearch-a-2"):
        SweepJobs(Api(job("a", 1, "FAILED"), job("a", 2, "PENDING"))).resume("a")


def test_no_secret_and_no_unchecked_word_is_in_a_submission(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "canary")
    api = Api()
    launch(api)
    sent = api.submitted[0].as_json()
    assert sent["entrypoint"] == "exec python -m hpsearch.launch.driver run sweep.yaml"
    assert sent["runtime_env"] == {
        "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": "120"},
        "working_dir": "gcs://_ray_pkg_0.zip",
    }


def test_a_sweep_is_driven_while_a_job_of_it_has_not_ended():
    jobs = SweepJobs(Api(job("a", 1, "FAILED"), job("b", 1)))
    assert (jobs.driven("a"), jobs.driven("b"), jobs.driven("c")) == (False, True, False)
    assert SweepJobs(DeadApi()).driven("a") is None


def test_stopping_what_does_not_run_names_what_does():
    with pytest.raises(UnknownSweep, match=r"no driver of that sweep is running \(did you mean 'iris2'\?\)"):
        SweepJobs(Api(job("iris2", 1))).stop("iris")


def test_what_has_ended_is_not_guessed_to_be_meant():
    with pytest.raises(UnknownSweep, match=r"no driver of that sweep is running; jobs there are of: iris$"):
        SweepJobs(Api(job("iris", 1, "SUCCEEDED"))).stop("iris")


class Stopping(Api):
    """Answers what is asked for a job with these, one after the other, the last one for ever."""

    def __init__(self, *answers):
        super().__init__(job("a", 1))
        self.answers, self.stopped = list(answers), []

    def stop(self, job_id):
        self.stopped.append(job_id)

    def job(self, job_id):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


UNREACHABLE = ClusterUnavailable("http://cluster: HTTP status 502: Bad Gateway")


def test_who_stops_a_sweep_waits_for_a_cluster_that_is_unreachable_for_a_moment():
    api = Stopping(UNREACHABLE, job("a", 1), UNREACHABLE, job("a", 1, "STOPPED"))
    assert SweepJobs(api, QuickTimer()).stop("a").status == "STOPPED"
    assert api.stopped == ["hpsearch-a-1"]


@pytest.mark.parametrize(
    ("stays", "message"), [(UNREACHABLE, "HTTP status 502"), (job("a", 1), "the job hpsearch-a-1 did not end")]
)
def test_who_stops_a_sweep_gives_up_when_ray_has_killed_its_driver(stays, message):
    timer = QuickTimer()
    with pytest.raises(ClusterError, match=message):
        SweepJobs(Stopping(stays), timer).stop("a")
    assert 130 < timer.now() < 132


def test_who_stops_a_sweep_does_not_wait_for_what_the_cluster_refuses():
    timer = QuickTimer()
    with pytest.raises(ClusterError, match="the token"):
        SweepJobs(Stopping(ClusterError("http://cluster: the token is wrong")), timer).stop("a")
    assert timer.waits == []


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (job("a", 1, "SUCCEEDED", 0), 0),
        (job("a", 1, "FAILED", 2), 2),
        (job("a", 1, "FAILED", -9), 137),
        (job("a", 1, "FAILED"), 1),
        (job("a", 1, "STOPPED"), 143),
    ],
)
def test_a_followed_sweep_ends_with_its_drivers_code(ended, code):
    assert exit_code(ended) == code


def test_what_ray_says_before_the_driver_begins_is_left_out():
    assert lines_of("preparing\nRunning entrypoint for job x: y\ntrial 0\ntrial 1\n") == ["trial 0", "trial 1"]
    assert lines_of("it could not be prepared\n") == ["it could not be prepared"]
