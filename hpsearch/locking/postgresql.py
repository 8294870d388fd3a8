"""What PostgreSQL offers the drivers of sweeps: links that are given up soon, and a lock that dies with its link.

`study` connects with `soon_given_up`; `database_lease` makes a sweep's lease of the lock.
"""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from typing import Any

import sqlalchemy

from hpsearch.config.addresses import redact
from hpsearch.errors import StoreUnavailable
from hpsearch.locking.lease import busy

_LONGEST_NAME = 63  # of an application, in PostgreSQL
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


class AdvisoryLock:
    """A lock by the sweep's name; it belongs to a connection, which says whose it is."""

    def __init__(self, url: str, name: str) -> None:
        self._name, self._where = name, redact(url)
        digest = hashlib.sha256(f"hpsearch:{name}".encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self.owner = f"hpsearch {socket.gethostname()[:40]}:{os.getpid()}"[:_LONGEST_NAME]
        self._engine = sqlalchemy.create_engine(
            url,
            poolclass=sqlalchemy.pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"application_name": self.owner, **soon_given_up(url)},
        )
        self._connection: Any = None

    def take(self) -> None:
        """Take the lock on a new connection; one try.

        Raises
        ------
        SweepBusy
            If another driver holds it; the message says which.
        StoreUnavailable
            If the database does not answer.
        """
        self._disconnect()
        try:
            self._connection = self._engine.connect()
            mine = self._connection.execute(sqlalchemy.text("select pg_try_advisory_lock(:key)"), {"key": self._key})
            if not mine.scalar():
                raise busy(self._name, self._holder())
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise StoreUnavailable(f"{self._where}: the study's database does not answer: {reason}") from None

    def holds(self) -> bool:
        """Whether the connection of the lock still answers."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(sqlalchemy.text("select 1"))
        except sqlalchemy.exc.SQLAlchemyError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._disconnect()
        self._engine.dispose()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlalchemy.exc.SQLAlchemyError):  # of a link that is dead already
                connection.close()

    def _holder(self) -> str:
        row = self._connection.execute(_HOLDER, {"key": self._key}).first()
        return f"{row[0]}, since {row[1]:%F %T %Z}" if row else "one that has just ended; try again"
