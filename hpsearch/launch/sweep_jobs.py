"""Which job belongs to which sweep: launches, resumes and stops sweeps by their names.

A job's id is made from the sweep's name and an attempt, so that Ray itself refuses the second of two launches. The
driver inside the job takes the sweep's lease all the same: what is said here early, it says for certain.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from hpsearch.errors import ClusterError, ClusterUnavailable, SweepBusy, SweepExists, UnknownSweep, nearest
from hpsearch.launch.job_package import SPEC_FILE, JobPackage
from hpsearch.launch.jobs_api import Job, JobExists, JobsApi, Submission
from hpsearch.locking.retry import Timer

STOP_SECONDS = 120  # within which the driver ends its trials, scores the winner and records everything
_SWEEP, _ATTEMPT = "hpsearch.sweep", "hpsearch.attempt"
_POLL_SECONDS = 0.5
_DRIVER = "exec python -m hpsearch.launch.driver"


class SweepJobs:
    """The jobs of sweeps on one cluster."""

    def __init__(self, api: JobsApi, timer: Timer | None = None) -> None:
        self._api, self._timer = api, timer or Timer()

    def launch(self, name: str, job_package: JobPackage, recorded: Callable[[str], bool]) -> str:
        """Submit a new sweep and return its job's id.

        Parameters
        ----------
        recorded : says whether MLflow knows a sweep of that name

        Raises
        ------
        SweepExists
            If there is one of that name, or it is about to be.
        """
        earlier = self._of(name)
        if any(not job.ended for job in earlier) or recorded(name):
            raise SweepExists(name)
        self._api.upload(job_package.package, job_package.content)
        try:
            return self._submit(name, earlier, f"run {SPEC_FILE}", job_package)
        except JobExists:
            raise SweepExists(name) from None

    def resume(self, name: str, options: Iterable[str] = (), job_package: JobPackage | None = None) -> str:
        """Submit a job that goes on with a sweep and return its id.

        Raises
        ------
        SweepBusy
            If a job of the sweep is still there.
        """
        earlier = self._of(name)
        busy = next((job for job in earlier if not job.ended), None)
        if busy is not None:
            raise SweepBusy(f"{name}: another driver is running this sweep: job {busy.id} ({busy.status.lower()})")
        if job_package is not None:
            self._api.upload(job_package.package, job_package.content)
        target = name if job_package is None else SPEC_FILE
        try:
            return self._submit(name, earlier, " ".join(["resume", target, *options]), job_package)
        except JobExists:
            raise SweepBusy(f"{name}: another driver is running this sweep: it was resumed a moment ago") from None

    def stop(self, name: str) -> Job:
        """End a sweep in good order: returns when its driver has ended, at the latest when Ray killed it.

        Raises
        ------
        UnknownSweep
            If no driver of it is running.
        """
        busy = next((job for job in self._of(name) if not job.ended), None)
        if busy is None:
            raise UnknownSweep(f"{name}: no driver of that sweep is running{self._guess(name)}")
        self._api.stop(busy.id)
        deadline = self._timer.now() + STOP_SECONDS + 10
        while True:
            try:
                job = self._api.job(busy.id)
                if job.ended:
                    return job
                obstacle = ClusterError(
                    f"{self._api.address}: the job {job.id} did not end within {STOP_SECONDS} s of its signal"
                )
            except ClusterUnavailable as error:  # for a moment, perhaps
                obstacle = error
            if self._timer.now() > deadline:
                raise obstacle
            self._timer.wait(_POLL_SECONDS)

    def examine(self, name: str) -> str:
        """Submit a job that compares the records of a sweep where its study can be read; return its id."""
        submission = Submission(f"hpsearch-doctor-{secrets.token_hex(4)}", f"{_DRIVER} doctor {name}", None, {}, {})
        self._api.submit(submission)
        return submission.id

    def driven(self, name: str) -> bool | None:
        """Say whether a job of the sweep is there; None where the cluster does not answer."""
        try:
            return any(not job.ended for job in self._of(name))
        except ClusterError:
            return None

    def latest(self, name: str) -> Job:
        """Return the newest job of a sweep.

        Raises
        ------
        UnknownSweep
            If the cluster remembers none.
        """
        jobs = self._of(name)
        if not jobs:
            raise UnknownSweep(f"{name}: {self._api.address} knows no job of that sweep{self._guess(name)}")
        return jobs[-1]

    def _of(self, name: str) -> list[Job]:
        """List the jobs of one sweep, the oldest first."""
        return sorted((job for job in self._api.jobs() if job.metadata.get(_SWEEP) == name), key=_attempt)

    def _submit(self, name: str, earlier: list[Job], command: str, job_package: JobPackage | None) -> str:
        attempt = max(map(_attempt, earlier), default=0) + 1
        submission = Submission(
            id=f"hpsearch-{name}-{attempt}",
            command=f"{_DRIVER} {command}",
            package=None if job_package is None else job_package.package,
            variables={"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_SECONDS)},
            metadata={_SWEEP: name, _ATTEMPT: str(attempt)},
        )
        self._api.submit(submission)
        return submission.id

    def _guess(self, name: str) -> str:
        known = sorted({job.metadata[_SWEEP] for job in self._api.jobs() if _SWEEP in job.metadata})
        return f"{nearest(name, set(known) - {name})}; jobs there are of: {', '.join(known) or 'none'}"


def _attempt(job: Job) -> int:
    return int(job.metadata.get(_ATTEMPT, "0"))
