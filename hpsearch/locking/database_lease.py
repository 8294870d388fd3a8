"""One driver a sweep, wherever drivers may run: a lock in PostgreSQL beside the study.

The lock belongs to a connection, which names its holder: it is given back when the process or its machine dies, and
no clock is involved. Used by `sweep` where the study lies in PostgreSQL; `lease` does the same for one machine.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy

from hpsearch.config.addresses import redact
from hpsearch.errors import StoreUnavailable, SweepBusy
from hpsearch.locking.retry import with_retry

_PATIENCE_SECONDS = 60.0
_FIRST_PATIENCE_SECONDS = 3.0  # a database that is not there at all is said before anything begins
_LOOK_EVERY_SECONDS = 5.0
_LONGEST_NAME = 63  # of an application, in PostgreSQL
_FORGOTTEN_SECONDS = 40.0  # since the last look that succeeded: by then the server has given a dead connection up
# Without these a client waits a quarter of an hour for a server that vanished without a word.
_SILENCE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}
# A server waits as long for its client, and keeps meanwhile the lock of a sweep and the rows of an open transaction.
_SERVER = " ".join(f"-c tcp_{name.removeprefix('tcp_')}={value}" for name, value in _SILENCE.items())
_HOLDER = sqlalchemy.text(
    "select activity.application_name, activity.backend_start from pg_locks join pg_stat_activity activity using (pid) "
    "where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = :key"
)


def soon_given_up(url: str) -> dict[str, Any]:
    """Return what to connect to PostgreSQL with, so that either side gives up a silent link within seconds.

    The options of the session that the address itself names are kept.
    """
    named = sqlalchemy.make_url(url).query.get("options", ())
    options = [named] if isinstance(named, str) else list(named)
    return {"connect_timeout": 5, **_SILENCE, "options": " ".join([*options, _SERVER])}


class DatabaseLease:
    """The lock of one sweep; while it is `watched`, `keep` says whether it is still there."""

    def __init__(self, url: str, name: str) -> None:
        self._name, self._where = name, redact(url)
        digest = hashlib.sha256(f"hpsearch:{name}".encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._shown = f"hpsearch {socket.gethostname()[:40]}:{os.getpid()}"[:_LONGEST_NAME]
        self._engine = sqlalchemy.create_engine(
            url,
            poolclass=sqlalchemy.pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"application_name": self._shown, **soon_given_up(url)},
        )
        self._connection: Any = None
        self._looked_at = 0.0
        self._lost: SweepBusy | StoreUnavailable | None = None
        self._one_at_a_time = threading.Lock()  # the connection is for one thread at a time

    def take(self) -> None:
        """Take the lock.

        Raises
        ------
        SweepBusy
            If another driver holds it; the message says which.
        StoreUnavailable
            If the database stays away.
        """
        with_retry(self._take_once, _FIRST_PATIENCE_SECONDS)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look every few seconds, on a thread of its own: a database that restarted has forgotten the lock."""
        over = threading.Event()

        def watch() -> None:
            while self._lost is None and not over.wait(_LOOK_EVERY_SECONDS):
                with suppress(SweepBusy, StoreUnavailable):  # whom `keep` tells
                    self.look()

        thread = threading.Thread(target=watch, name="hpsearch-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def keep(self) -> None:
        """Raise what the last look found, if the lock is gone; costs nothing.

        Raises
        ------
        SweepBusy
            If another driver has taken it.
        StoreUnavailable
            If the database stayed away.
        """
        if self._lost is not None:
            raise self._lost

    def look(self) -> None:
        """Make sure now that the lock is still ours, or take it again; raises as `keep`."""
        with self._one_at_a_time:
            self.keep()
            try:
                self._connection.execute(sqlalchemy.text("select 1"))
                self._looked_at = time.monotonic()
            except sqlalchemy.exc.SQLAlchemyError:
                try:
                    with_retry(self._take_again, _PATIENCE_SECONDS)
                except (SweepBusy, StoreUnavailable) as error:
                    self._lost = error
                    raise

    def _take_again(self) -> None:
        """Take the lock on a new connection; the old one's end may hold it until the server has noticed."""
        try:
            self._take_once()
        except SweepBusy as error:
            if self._shown not in str(error) or time.monotonic() - self._looked_at > _FORGOTTEN_SECONDS:
                raise
            raise StoreUnavailable(str(error)) from None

    def release(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    def _take_once(self) -> None:
        try:
            self._connection = self._engine.connect()
            mine = self._connection.execute(sqlalchemy.text("select pg_try_advisory_lock(:key)"), {"key": self._key})
            if not mine.scalar():
                raise SweepBusy(f"{self._name}: another driver is running this sweep: {self._holder()}")
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise StoreUnavailable(f"{self._where}: the study's database does not answer: {reason}") from None
        self._looked_at = time.monotonic()

    def _holder(self) -> str:
        row = self._connection.execute(_HOLDER, {"key": self._key}).first()
        return f"{row[0]}, since {row[1]:%F %T %Z}" if row else "one that has just ended; try again"


@dataclass(frozen=True)
class Held:
    """What the holder of a sweep's lock can do about it; nothing where the study lies on this machine."""

    keep: Callable[[], None] = lambda: None
    look: Callable[[], None] = lambda: None


@contextmanager
def hold_in_database(url: str, name: str) -> Iterator[Held]:
    """Hold the sweep's lock in a PostgreSQL storage while the block runs.

    Raises
    ------
    SweepBusy
        If another driver holds it.
    """
    if not url.startswith("postgresql"):
        yield Held()
        return
    lease = DatabaseLease(url, name)
    lease.take()
    try:
        with lease.watched():
            yield Held(lease.keep, lease.look)
    finally:
        lease.release()
