"""Shows what a sweep's driver prints in the cluster, line by line, and ends with the driver's own exit code."""

from __future__ import annotations

from collections.abc import Callable

from hpsearch.errors import ClusterUnavailable
from hpsearch.launch.jobs_api import Job, JobsApi
from hpsearch.locking.retry import Timer

STOPPED = 143
RETRY_SECONDS = 90.0
_BEGINS = "Running entrypoint for job "
_POLL_SECONDS = 1.0
_POLL_SECONDS_A_MEBIBYTE = 2.0  # the whole log comes each time


def lines_of(log: str) -> list[str]:
    """Return the driver's lines: what Ray wrote before it began is left out, unless nothing else is there."""
    lines = log.splitlines()
    begins = next((row for row, line in enumerate(lines) if line.startswith(_BEGINS)), None)
    return lines if begins is None else lines[begins + 1 :]


class Follower:
    """Follows one job; a cluster that is unreachable or in trouble for less than `retry_seconds` is waited for."""

    def __init__(
        self,
        api: JobsApi,
        show: Callable[[str], None],
        retry_seconds: float = RETRY_SECONDS,
        timer: Timer | None = None,
    ) -> None:
        self._api, self._show = api, show
        self._retry_seconds, self._timer = retry_seconds, timer or Timer()
        self._lines = 0  # that were shown

    def follow(self, job_id: str) -> Job:
        """Show lines until the job ends and return it.

        Raises
        ------
        ClusterUnavailable
            If the cluster stays unreachable; the sweep may well keep running.
        """
        last_answer = self._timer.now()
        while True:
            try:
                job = self._api.job(job_id)
                size = self._show_new(job)
                last_answer = self._timer.now()
            except ClusterUnavailable:
                if self._timer.now() - last_answer > self._retry_seconds:
                    raise
                size = 0
            else:
                if job.ended:
                    return job
            self._timer.wait(_POLL_SECONDS + _POLL_SECONDS_A_MEBIBYTE * size / 2**20)

    def _show_new(self, job: Job) -> int:
        """Show the lines that are new and whole; return the log's size."""
        if job.status == "PENDING":
            return 0
        log = self._api.logs(job.id)
        whole = log if job.ended else log[: log.rfind("\n") + 1]
        if _BEGINS not in whole and not job.ended:
            return len(log)  # Ray still prepares the driver's place
        lines = lines_of(whole)
        for line in lines[self._lines :]:
            self._show(line)
        self._lines = max(self._lines, len(lines))
        return len(log)


def exit_code(job: Job) -> int:
    """Return the code the driver ended with; of one that was stopped, what a SIGTERM stands for."""
    if job.status == "STOPPED":
        return STOPPED
    if job.code is not None:
        return job.code if job.code >= 0 else 128 - job.code
    return 0 if job.status == "SUCCEEDED" else 1
