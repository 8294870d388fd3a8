"""Shows what a sweep's driver prints in the cluster, line by line, and ends with the driver's own exit code."""

from __future__ import annotations

import time
from collections.abc import Callable

from hpsearch.launch.jobs_api import Job, JobsApi, Unreachable

STOPPED = 143
PATIENCE_SECONDS = 90.0
_BEGINS = "Running entrypoint for job "
_POLL_SECONDS = 1.0
_POLL_SECONDS_A_MEBIBYTE = 2.0  # the whole log comes each time


def lines_of(log: str) -> list[str]:
    """Return the driver's lines: what Ray wrote before it began is left out, unless nothing else is there."""
    lines = log.splitlines()
    begins = next((row for row, line in enumerate(lines) if line.startswith(_BEGINS)), None)
    return lines if begins is None else lines[begins + 1 :]


class Follower:
    """Follows one job; a cluster that is away or in trouble for less than `patience` seconds is waited for."""

    def __init__(self, api: JobsApi, show: Callable[[str], None], patience: float = PATIENCE_SECONDS) -> None:
        self._api, self._show, self._patience = api, show, patience
        self._shown = 0

    def follow(self, job_id: str) -> Job:
        """Show lines until the job ends and return it.

        Raises
        ------
        Unreachable
            If the cluster stays out of reach; the sweep may well go on.
        """
        heard = time.monotonic()
        while True:
            try:
                job = self._api.job(job_id)
                size = self._show_new(job)
                heard = time.monotonic()
            except Unreachable:
                if time.monotonic() - heard > self._patience:
                    raise
                size = 0
            else:
                if job.ended:
                    return job
            time.sleep(_POLL_SECONDS + _POLL_SECONDS_A_MEBIBYTE * size / 2**20)

    def _show_new(self, job: Job) -> int:
        """Show the lines that are new and whole; return the log's size."""
        if job.status == "PENDING":
            return 0
        log = self._api.logs(job.id)
        whole = log if job.ended else log[: log.rfind("\n") + 1]
        if _BEGINS not in whole and not job.ended:
            return len(log)  # Ray still prepares the driver's place
        lines = lines_of(whole)
        for line in lines[self._shown :]:
            self._show(line)
        self._shown = max(self._shown, len(lines))
        return len(log)


def exit_code(job: Job) -> int:
    """Return the code the driver ended with; of one that was stopped, what a SIGTERM stands for."""
    if job.status == "STOPPED":
        return STOPPED
    if job.code is not None:
        return job.code if job.code >= 0 else 128 - job.code
    return 0 if job.status == "SUCCEEDED" else 1
