"""A cluster with one job, for tests of what the command line says of it."""

from __future__ import annotations

from hpsearch.launch.jobs_api import Job


class OneJob:
    """A cluster whose one job is as given."""

    address = "http://cluster"

    def __init__(self, status="FAILED", code=1, message=""):
        self.only = Job("hpsearch-tiny-1", status, message, code, {"hpsearch.sweep": "tiny"})

    def job(self, _):
        return self.only

    def jobs(self):
        return [self.only]

    def logs(self, _):
        return "Running entrypoint for job x: y\na line\n"

    def submit(self, _):
        pass
