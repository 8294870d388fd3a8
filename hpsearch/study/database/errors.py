"""Tells a database that is unavailable (StoreUnavailable, worth another try) from one that refuses (StoreError).

The one place that looks at a database's own errors: by SQLite's result code, by PostgreSQL's SQLSTATE, by class where
there is neither. `database` asks here for every error of its engine; no text is matched anywhere else.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import optuna
import sqlalchemy

from hpsearch.config.addresses import redact
from hpsearch.errors import StoreError, StoreUnavailable

_MADE_MEANWHILE = {"42P07", "42710", "23505"}  # a table, a type or a row that exists


class Reason(NamedTuple):
    """What a database's answer means: whether waiting helps, what happened, the way out."""

    unavailable: bool
    what: str
    way_out: str


_RESUME = "then try again (a sweep that was begun: hpsearch resume)"
_SILENT = Reason(True, "does not answer", f"start it, or look at its address and the network, {_RESUME}")
_BUSY = Reason(True, "is locked by another process", f"wait for that process or end it, {_RESUME}")
_CONFLICT = Reason(True, "was changed by another process at the same moment", "try again")
_NO_ACCESS = Reason(
    False, "does not let this user in", "name the user in the address, put the password into PGPASSWORD"
)
_NO_DATABASE = Reason(False, "does not exist on its server", "make it (createdb), or name another")
_NO_RIGHT = Reason(False, "may not be changed by this user", "grant the right to create and write tables")
_READ_ONLY = Reason(False, "may only be read", "make its file and folder writable, or name another")
_DAMAGED = Reason(False, "is damaged, or no database at all", "put a copy in its place, or name another")
_FULL = Reason(False, "lies on a disk that is full", f"make room, {_RESUME}")
_DISK = Reason(False, "lies on a disk that failed", "look at the disk and the system's log")
_NO_TABLES = Reason(
    False, "lacks the tables of a study", "name the database that the sweep was begun in, or a fresh one"
)
_NO_FILE = Reason(False, "cannot be opened", "its folder must exist, and both must be readable and writable")
_NO_DRIVER = Reason(False, "needs a driver that is not installed", "pip install 'hpsearch[postgresql]'")
_NO_ADDRESS = Reason(
    False, "has an address that cannot be used", "choose sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
)
_REFUSED = Reason(False, "refused what was asked of it", "look at the database's log")

# https://www.sqlite.org/rescode.html, the primary codes: the lower eight bits.
_SQLITE: Mapping[int, Reason] = {
    1: _NO_TABLES,
    3: _READ_ONLY,
    5: _BUSY,
    6: _BUSY,
    8: _READ_ONLY,
    10: _DISK,
    11: _DAMAGED,
    13: _FULL,
    14: _NO_FILE,
    15: _BUSY,
    23: _READ_ONLY,
    26: _DAMAGED,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html: a whole code, or the two signs of its class.
_POSTGRESQL: Mapping[str, Reason] = {
    "08": _SILENT,
    "25006": _READ_ONLY,
    "25P": _SILENT,
    "28": _NO_ACCESS,
    "3D": _NO_DATABASE,
    "3F": _NO_TABLES,
    "40": _CONFLICT,
    "42501": _NO_RIGHT,
    "42P01": _NO_TABLES,
    "53100": _FULL,
    "53": Reason(True, "has no connection or memory left", f"end other clients or raise its limits, {_RESUME}"),
    "55": _CONFLICT,
    "57P04": _NO_DATABASE,
    "57": Reason(True, "is starting, stopping or was told to stop", f"wait until it accepts connections, {_RESUME}"),
    "58": _DISK,
    "XX": _DAMAGED,
}
# A connection that the server refuses has no SQLSTATE in libpq; these are the server's words.
_AT_THE_DOOR: Mapping[str, Reason] = {
    "password": _NO_ACCESS,
    "no pg_hba.conf entry": _NO_ACCESS,
    "is not permitted to log in": _NO_ACCESS,
    "role": _NO_ACCESS,
    "does not exist": _NO_DATABASE,
    "permission denied": _NO_ACCESS,
}
_OF_SYSTEM: Mapping[int, Reason] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _DISK,
}
_PASSING = (sqlalchemy.exc.PendingRollbackError, sqlalchemy.exc.TimeoutError)
_CONNECTION = (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError)


def store_error(error: BaseException, url: str, disconnected: bool = False) -> StoreError:
    """Return what an error of the database at `url` is to us, in one line; `disconnected` where its link broke."""
    cause, engine_error = _origin(error)
    reason = _SILENT if disconnected else _reason(cause, engine_error)
    detail = " ".join(str(engine_error).split()) or type(engine_error).__name__
    kind = StoreUnavailable if reason.unavailable else StoreError
    return kind(f"{redact(url)}: the study's database {reason.what} ({detail}); {reason.way_out}")


def is_made_meanwhile(error: BaseException) -> bool:
    """Whether tables could not be made because another process made them at the same moment."""
    return getattr(_origin(error)[1], "sqlstate", None) in _MADE_MEANWHILE


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn the errors of a database's engine into ours while the block runs."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError, ImportError, OSError) as error:
        if isinstance(error, StoreError):
            raise
        raise store_error(error, url) from error


def _origin(error: BaseException) -> tuple[BaseException, Any]:
    """Return the error of SQLAlchemy's that is behind `error`, and that of the database's driver."""
    wrapped = isinstance(error, optuna.exceptions.StorageInternalError)
    cause = (error.__cause__ if wrapped else None) or error
    return cause, getattr(cause, "orig", None) or cause


def _reason(cause: BaseException, engine_error: Any) -> Reason:
    """Tell by what the database itself says first, by the kind of the error where it says nothing."""
    if (code := getattr(engine_error, "sqlite_errorcode", None)) is not None:
        return _SQLITE.get(code & 0xFF, _REFUSED)
    if (state := getattr(engine_error, "sqlstate", None)) is not None:
        return next((_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in _POSTGRESQL), _REFUSED)
    if isinstance(cause, _CONNECTION):
        return _at_the_door(engine_error)
    if isinstance(cause, _PASSING):
        return _SILENT
    if isinstance(cause, ImportError):
        return _NO_DRIVER
    if isinstance(cause, sqlalchemy.exc.ArgumentError):
        return _NO_ADDRESS
    return _OF_SYSTEM.get(getattr(cause, "errno", None) or 0, _NO_FILE) if isinstance(cause, OSError) else _REFUSED


def _at_the_door(engine_error: Any) -> Reason:
    """Tell why a server was not reached, or did not let us in."""
    if getattr(getattr(engine_error, "pgconn", None), "needs_password", False):
        return _NO_ACCESS
    words = str(engine_error)
    return next((reason for phrase, reason in _AT_THE_DOOR.items() if phrase in words), _SILENT)
