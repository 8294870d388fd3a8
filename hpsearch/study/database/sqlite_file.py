"""A fresh SQLite database appears whole or not at all, however many processes make it and wherever one is killed.

It is built under another name beside its place and renamed when it is whole, by whoever holds the lock of the folder.
`database` says how to build it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from hpsearch.errors import StoreUnavailable

_BESIDE = ("-journal", "-wal", "-shm")  # what SQLite keeps beside a database while it is open


def sqlite_url(path: Path) -> str:
    """Return the address of a file; a "%", "?" or "#" in its path is no sign of an address."""
    return sqlalchemy.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite address, None where it is in memory or no such address."""
    try:
        address = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        return None
    file = address.database
    embedded = address.get_backend_name() == "sqlite" and file and file != ":memory:" and not file.startswith("file:")
    return Path(file).resolve() if embedded and file else None  # what a link points at is replaced, not the link


def make_whole(path: Path, build: Callable[[Path], None]) -> None:
    """Have `build` make the database at another place and put it at `path`; nothing is done where one is.

    Raises
    ------
    StoreUnavailable
        If another process is making it at this moment.
    OSError
        If the folder cannot be written.
    """
    if _is_made(path):
        return
    with _locked(path):
        if _is_made(path):
            return
        new = path.with_name(f".{path.name}.new")
        for leftover in (new, *_beside(new), *_beside(path)):  # SQLite would play a stale log into a new database
            leftover.unlink(missing_ok=True)
        build(new)
        _sync(new)
        new.replace(path)


def _is_made(path: Path) -> bool:
    """Whether there is a database; an empty file is none yet."""
    return path.exists() and path.stat().st_size > 0


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file's folder, which a killed process gives back by itself."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(f"{path}: another process is making this database") from None
        yield
    finally:
        os.close(folder)
