"""Speaks to Ray's Jobs API over HTTP, with the standard library: a client needs no Ray of the cluster's version.

`sweep_jobs` says which job belongs to which sweep; `doctor` asks for versions and nodes.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from hpsearch.errors import ClusterError
from hpsearch.launch.token import WHERE, find_token

_REACH_SECONDS = 5.0
_UPLOAD_SECONDS = 120.0
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
_LONGEST_COMPLAINT = 300
_T = TypeVar("_T")


class Unreachable(ClusterError):
    """Nobody answers now; somebody may in a moment."""


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


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    date: float | None


class JobsApi:
    """The Jobs API at one address.

    Every method raises ClusterError with one line that says what is wrong at which address, and `Unreachable` where
    a later try may succeed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._token = find_token()
        # Straight to the cluster: a proxy on the way would read the token.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def version(self) -> tuple[str, float | None]:
        """Return Ray's version and the head's clock in seconds since 1970 (whole ones)."""
        answer = self._ask("GET", "/api/version")
        return self._read(answer, lambda said: str(said["ray_version"])), answer.date

    def jobs(self) -> list[Job]:
        """List every submitted job."""
        answer = self._ask("GET", "/api/jobs/")
        return self._read(answer, lambda said: [_job(entry) for entry in said if entry.get("submission_id")])

    def job(self, job_id: str) -> Job:
        """Return one job as it stands."""
        return self._read(self._ask("GET", f"/api/jobs/{job_id}"), _job)

    def logs(self, job_id: str) -> str:
        """Return all that a job has printed."""
        return self._read(self._ask("GET", f"/api/jobs/{job_id}/logs"), lambda said: str(said["logs"]))

    def submit(self, submission: Submission) -> None:
        """Submit a job.

        Raises
        ------
        JobExists
            If its id is taken.
        """
        body = json.dumps(submission.as_json()).encode()
        answer = self._ask("POST", "/api/jobs/", body, accept=(200, 400, 500), seconds=60)
        if answer.status != 200:
            if b"already exists" in answer.body:
                raise JobExists(f"{submission.id}: a job of that id exists")
            raise ClusterError(f"{self.address}: the job was refused: {_last_line(answer.body)}")

    def upload(self, package: str, content: bytes) -> None:
        """Upload a package of files, unless the cluster has it."""
        place = f"/api/packages/gcs/{package}"
        if self._ask("GET", place, accept=(200, 404)).status == 404:
            self._ask("PUT", place, content, seconds=_UPLOAD_SECONDS)

    def stop(self, job_id: str) -> None:
        """Ask a job to end; Ray kills it when its grace period is over."""
        self._ask("POST", f"/api/jobs/{job_id}/stop", b"")

    def delete(self, job_id: str) -> None:
        """Take an ended job off the list."""
        self._ask("DELETE", f"/api/jobs/{job_id}")

    def nodes(self) -> list[dict[str, Any]]:
        """Return every living node as the dashboard describes it."""
        return self._read(self._ask("GET", "/nodes?view=summary"), _living)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        accept: tuple[int, ...] = (200,),
        seconds: float = _REACH_SECONDS,
    ) -> _Answer:
        request = urllib.request.Request(self.address + path, body, method=method)
        if body is not None:
            kind = "application/json" if method == "POST" else "application/octet-stream"
            request.add_header("Content-Type", kind)
        if self._token:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            answer = self._send(request, seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"{self.address}: Ray's Jobs API does not answer: {reason}") from None
        if answer.status not in accept:
            raise self._refusal(path, answer)
        return answer

    def _send(self, request: urllib.request.Request, seconds: float) -> _Answer:
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                return _Answer(answer.status, answer.read(), _clock(answer.headers["Date"]))
        except urllib.error.HTTPError as error:
            with error:
                return _Answer(error.code, error.read(), None)

    def _refusal(self, path: str, answer: _Answer) -> ClusterError:
        if answer.status in (401, 403):
            wrong = "missing" if answer.status == 401 else "wrong"
            return ClusterError(f"{self.address}: the token of Ray's Jobs API is {wrong}; put it into {WHERE}")
        if answer.status == 404 and (asked := re.match(r"/api/jobs/([^/]+)", path)):
            return UnknownJob(f"{self.address}: knows no job {asked[1]} (did the head restart?)")
        if answer.status == 404:
            return ClusterError(f"{self.address}: must be Ray's Jobs API, but it knows no such page")
        # A head that has trouble, or what stands in front of one that starts again.
        kind = Unreachable if answer.status >= 500 else ClusterError
        return kind(f"{self.address}: HTTP status {answer.status}: {_last_line(answer.body)}")

    def _read(self, answer: _Answer, take: Callable[[Any], _T]) -> _T:
        """Return what `take` finds in an answer; whatever it trips over was not written by the Jobs API."""
        try:
            return take(json.loads(answer.body))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ClusterError(f"{self.address}: must be Ray's Jobs API, but another server answers there") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the request to a place nobody named."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _job(entry: Mapping[str, Any]) -> Job:
    code = entry.get("driver_exit_code")
    return Job(
        id=str(entry.get("submission_id")),
        status=str(entry["status"]),
        message=str(entry.get("message") or ""),
        code=None if code is None else int(code),
        metadata=dict(entry.get("metadata") or {}),
    )


def _living(said: Any) -> list[dict[str, Any]]:
    return [node for node in said["data"]["summary"] if node.get("raylet", {}).get("state") == "ALIVE"]


def _clock(date: str | None) -> float | None:
    return None if date is None else parsedate_to_datetime(date).timestamp()


def _last_line(body: bytes) -> str:
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:_LONGEST_COMPLAINT] if lines else "no reason given"
