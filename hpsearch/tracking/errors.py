"""Tells what is unavailable from what is refused, once, where an engine is called: the room's only look at texts.

Unavailable (`StoreUnavailable`): worth another try. Refused (`Refused`, a `StoreError`): said at once, with the way
out. A code, a status or a class decides where there is one; texts decide where an engine puts different things under
one code, as MLflow does with a locked and a full database.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hpsearch.errors import HpsearchError, StoreError, StoreUnavailable

MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
TAKEN = frozenset({"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"})
_PASSING_CODES = {
    "TEMPORARILY_UNAVAILABLE",
    "INTERNAL_ERROR",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED",
    "CANCELLED",
    "ABORTED",
}
_LASTING_STATUS = frozenset({501, 505, 507, 511})  # 5xx that say what the server cannot do at all
_PASSING_ERRNO = {
    *(errno.EIO, errno.ESTALE, errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT),
}  # beside those with a class of their own, ConnectionError and TimeoutError
_FULL = "the disk is full: make room there"
_READ_ONLY = "it may only be read: give the user who runs hpsearch the right to write"
# What no code tells: how an engine says it, and the way out.
_REFUSALS = tuple(
    (re.compile(said, re.IGNORECASE), way)
    for said, way in (
        (r"disk is full|No space left on device|Disk quota exceeded|could not extend file", _FULL),
        (r"readonly database|read-only (file system|transaction)", _READ_ONLY),
        (
            r"unable to open database file|Permission denied: '",
            "a folder on the way is missing, or closed to the user who runs hpsearch",
        ),
        (r"file is not a database|disk image is malformed", "put a backup in its place, or choose another --home"),
        (r"out-of-date database schema", "take a backup, then run: mlflow db upgrade ADDRESS"),
        (r"Can't locate revision", "a newer MLflow has upgraded it: install that one"),
        (r"password authentication failed|no pg_hba\.conf entry", "PGUSER and PGPASSWORD name user and password"),
        (r"(role|database) \".*\" does not exist", "create it, or correct the address"),
        (r"permission denied for ", "an administrator of the database grants it"),
        (
            r"Invalid Host header",
            "likely the server's --allowed-hosts does not name that host (a stack's .env: HPSEARCH_ALLOWED_HOSTS)",
        ),
        (
            r"experiment \S+ must be in the 'active' state",
            "it is in MLflow's trash: restore it with mlflow experiments restore --experiment-id N, or name another "
            "with experiment:",
        ),
        (r"run \S+ must be in the 'active' state", "it is in MLflow's trash: mlflow runs restore --run-id RUN"),
    )
)
_CREDENTIALS = "put them into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or into hpsearch.toml"


class Refused(StoreError):
    """A refusal with the engine's own code, such as RESOURCE_DOES_NOT_EXIST, and the answer's status, if any."""

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def judged(where: str, message: str, *, passing: bool, code: str = "", status: int = 0) -> StoreError:
    """Return the error for what an engine said; `passing` is what its code or class tells."""
    lines = [line for line in str(message).strip().splitlines() if not line.startswith("(raised as a result of ")]
    line = next(iter(lines), "") or code or "no reason given"
    for said, way in _REFUSALS:
        if said.search(message):
            return Refused(f"{where}: MLflow refuses: {line}; {way}", code, status)
    if passing:
        return StoreUnavailable(f"{where}: MLflow failed: {line}")
    return Refused(f"{where}: MLflow refuses: {line}", code, status)


def from_answer(where: str, status: int, body: str, user: str | None) -> StoreError:
    """Return the error for an answer of a server that is no success; `user` is whom the call was made as."""
    content = _object(body)
    code, message = str(content.get("error_code", "")), str(content.get("message", "")) or body[:300]
    if status == 401:
        wrong = "missing" if user is None else "wrong"
        return Refused(f"{where}: MLflow's user name or password is {wrong}; {_CREDENTIALS}", status=status)
    if status == 403 and "Invalid Host header" not in message:
        grant = "its administrator grants the permission" if user is not None else _CREDENTIALS
        return Refused(
            f"{where}: MLflow, or what stands in front of it, answers with status 403: {user or 'a nameless user'} "
            f"may not do that; {grant}",
            status=status,
        )
    if 300 <= status < 400:
        return Refused(
            f"{where}: answers with a redirection (status {status}); name the address it leads to", status=status
        )
    passing = code in _PASSING_CODES if code else status in (408, 425, 429) or status >= 500
    passing = passing and status not in _LASTING_STATUS
    said = message if code else f"HTTP status {status}: {message}" if message.strip() else f"HTTP status {status}"
    return judged(where, said, passing=passing, code=code, status=status)


def _object(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def in_trash(where: str, name: str, experiment: str) -> Refused:
    """Return the error for an experiment that was deleted, which its name finds all the same."""
    return Refused(
        f"{where}: experiment {name!r} is in MLflow's trash: restore it with "
        f"mlflow experiments restore --experiment-id {experiment}, or name another with experiment:",
        "INVALID_STATE",
    )


@contextmanager
def engine_errors(where: str) -> Iterator[None]:
    """Turn what MLflow's client, its database and its artifact stores raise into the two kinds."""
    try:
        yield
    except HpsearchError:
        raise
    except Exception as error:
        raise from_engine(where, error) from error


def from_engine(where: str, error: Exception) -> StoreError:
    """Return the error for an exception of MLflow's client or of what it calls."""
    code = getattr(error, "error_code", "")
    if isinstance(code, str) and code:
        # MLflow calls a broken link to a database BAD_REQUEST, too, and its own refusals INTERNAL_ERROR.
        passing = code in _PASSING_CODES | {"BAD_REQUEST"} and _passes(error)
        return judged(where, str(error), passing=passing, code=code)
    return judged(where, f"{type(error).__name__}: {error}", passing=_passes(error))


def _passes(error: BaseException) -> bool:
    """Whether the first cause that tells anything passes by itself; of a download MLflow keeps the text alone."""
    verdicts = [verdict for one in _chain(error) if (verdict := _one_passes(one)) is not None]
    return verdicts[-1] if verdicts else "failures occurred while downloading" in str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from, the first cause last."""
    seen: set[int] = set()
    todo: BaseException | None = error
    while todo is not None and id(todo) not in seen:
        seen.add(id(todo))
        yield todo
        origin = getattr(todo, "orig", None)  # SQLAlchemy's name for what the database's driver raised
        todo = origin if isinstance(origin, BaseException) else todo.__cause__ or todo.__context__


def _one_passes(error: BaseException) -> bool | None:
    """Say what one exception tells by its class or number; None where it tells nothing."""
    sqlite = getattr(error, "sqlite_errorname", None)
    if isinstance(sqlite, str):
        return sqlite.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_PROTOCOL", "SQLITE_NOMEM"))
    if hasattr(error, "sqlstate") and not hasattr(error, "error_code"):  # psycopg's; MLflow has a field of that name
        state = error.sqlstate
        return state is None or state[:2] in ("08", "40", "53", "55", "57")
    if getattr(error, "connection_invalidated", False):
        return True
    answer = getattr(error, "response", None)  # of an object store
    if isinstance(answer, dict):
        status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
        return status >= 500 or status in (408, 429)
    if isinstance(error, OSError):
        return isinstance(error, ConnectionError | TimeoutError) or error.errno in _PASSING_ERRNO or error.errno is None
    # SQLAlchemy's, a database driver's and an object store's classes, which are not imported here.
    passing = {"OperationalError", "InterfaceError", "PendingRollbackError", "HTTPClientError", "ConnectionError"}
    return True if passing & {one.__name__ for one in type(error).__mro__} else None
