"""Speaks to Ray's Jobs API over HTTP: a client needs no Ray of the cluster's version.

`jobs_http` sends the requests and tells refused from unavailable. `sweep_jobs` says which job belongs to which sweep;
`doctor` asks for versions and nodes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from hpsearch.config.addresses import Addresses
from hpsearch.errors import ClusterError
from hpsearch.launch.jobs_http import REACH_SECONDS, Answer, JobsHttp, last_line
from hpsearch.launch.token import find_token

_SUBMIT_SECONDS, _UPLOAD_SECONDS = 60.0, 120.0
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
_T = TypeVar("_T")


class JobExists(ClusterError):
    """A job of that id was submitted before."""


class UnknownJob(ClusterError):
    """No job of that id is known; a head that restarted has forgotten all of them."""


@dataclass(frozen=True)
class Job:
    """A job as Ray shows it; `code` is the exit code of its command, where it ended by itself."""

    id: str
    status: str
    message: str
    code: int | None
    metadata: dict[str, str]

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in _ENDED


@dataclass(frozen=True)
class Submission:
    """A job to be: its command, its package (None: it needs no files), its variables (no secrets) and marks."""

    id: str
    command: str
    package: str | None
    variables: Mapping[str, str]
    metadata: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return what the Jobs API takes."""
        environment: dict[str, Any] = {"env_vars": dict(self.variables)}
        if self.package is not None:
            environment["working_dir"] = f"gcs://{self.package}"
        return {
            "entrypoint": self.command,
            "submission_id": self.id,
            "runtime_env": environment,
            "metadata": dict(self.metadata),
        }


class JobsApi:
    """The Jobs API at one address.

    Every method raises ClusterError with one line that says what is wrong at which address, and its subclass
    `ClusterUnavailable` where a later try may succeed.
    """

    def __init__(self, http: JobsHttp) -> None:
        self._http = http

    @classmethod
    def find(cls, addresses: Addresses) -> Self:
        """Return the Jobs API of the cluster that is configured, to be asked with its token.

        Raises
        ------
        SettingsError
            If no cluster is configured, or its token cannot be read.
        """
        return cls(JobsHttp(addresses.jobs_url(), find_token(addresses)))

    @property
    def address(self) -> str:
        """Where it is."""
        return self._http.address

    def version(self) -> tuple[str, float | None]:
        """Return Ray's version and the head's clock in seconds since 1970 (whole ones)."""
        answer = self._http.ask("GET", "/api/version")
        return self._read(answer, lambda content: str(content["ray_version"])), answer.date

    def jobs(self) -> list[Job]:
        """List every submitted job."""
        answer = self._http.ask("GET", "/api/jobs/")
        return self._read(answer, lambda content: [_job(entry) for entry in content if entry.get("submission_id")])

    def job(self, job_id: str, seconds: float = REACH_SECONDS) -> Job:
        """Return one job as it stands."""
        return self._read(self._ask_for("GET", job_id, seconds=seconds), _job)

    def logs(self, job_id: str) -> str:
        """Return all that a job has printed."""
        return self._read(self._ask_for("GET", job_id, "/logs"), lambda content: str(content["logs"]))

    def submit(self, submission: Submission) -> None:
        """Submit a job.

        Raises
        ------
        JobExists
            If its id is taken.
        """
        body = json.dumps(submission.as_json()).encode()
        answer = self._http.ask("POST", "/api/jobs/", body, accept=(200, 400, 500), seconds=_SUBMIT_SECONDS)
        if answer.status != 200:
            if b"already exists" in answer.body:  # Ray has no status of its own for it
                raise JobExists(f"{submission.id}: a job of that id exists")
            raise ClusterError(f"{self.address}: the job was refused: {last_line(answer.body)}")

    def upload(self, package: str, content: bytes) -> None:
        """Upload a package of files, unless the cluster has it."""
        place = f"/api/packages/gcs/{package}"
        if self._http.ask("GET", place, accept=(200, 404)).status == 404:
            self._http.ask("PUT", place, content, seconds=_UPLOAD_SECONDS)

    def stop(self, job_id: str, seconds: float = REACH_SECONDS) -> None:
        """Ask a job to end; Ray kills it when its grace period is over."""
        self._ask_for("POST", job_id, "/stop", b"", seconds)

    def delete(self, job_id: str, seconds: float = REACH_SECONDS) -> None:
        """Take an ended job off the list."""
        self._ask_for("DELETE", job_id, seconds=seconds)

    def nodes(self) -> list[dict[str, Any]]:
        """Return every living node as the dashboard describes it."""
        return self._read(self._http.ask("GET", "/nodes?view=summary"), _living)

    def _ask_for(
        self,
        method: str,
        job_id: str,
        part: str = "",
        body: bytes | None = None,
        seconds: float = REACH_SECONDS,
    ) -> Answer:
        answer = self._http.ask(method, f"/api/jobs/{job_id}{part}", body, accept=(200, 404), seconds=seconds)
        if answer.status == 404:
            raise UnknownJob(f"{self.address}: knows no job {job_id} (did the head restart?)")
        return answer

    def _read(self, answer: Answer, take: Callable[[Any], _T]) -> _T:
        """Return what `take` makes of an answer; whatever it trips over was not written by the Jobs API."""
        try:
            return take(json.loads(answer.body))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._http.another_server() from None


def _job(entry: Mapping[str, Any]) -> Job:
    code = entry.get("driver_exit_code")
    return Job(
        id=str(entry.get("submission_id")),
        status=str(entry["status"]),
        message=str(entry.get("message") or ""),
        code=None if code is None else int(code),
        metadata=dict(entry.get("metadata") or {}),
    )


def _living(content: Any) -> list[dict[str, Any]]:
    return [node for node in content["data"]["summary"] if node.get("raylet", {}).get("state") == "ALIVE"]
