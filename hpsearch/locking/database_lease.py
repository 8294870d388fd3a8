"""One driver a sweep, wherever drivers may run: a lock in PostgreSQL beside the study.

The lock belongs to a connection, which names its holder: it is given back when the process or its machine dies, and
no clock is involved. Used by `sweep` where the study lies in PostgreSQL; `file_lease` does the same for one machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hpsearch.errors import StoreUnavailable, SweepBusy
from hpsearch.locking.closing import closing
from hpsearch.locking.lease import Lease
from hpsearch.locking.postgresql import AdvisoryLock
from hpsearch.locking.retry import Timer, with_retry

_RETRY_SECONDS = 60.0
_FIRST_RETRY_SECONDS = 3.0  # a database that is not there at all is said before anything begins
_LOOK_EVERY_SECONDS = 5.0
_FORGOTTEN_SECONDS = 40.0  # since the last look that succeeded: by then the server has given a dead connection up


class DatabaseLease:
    """The lock of one sweep; while it is `watched`, `keep` says whether it is still there.

    Parameters
    ----------
    url, name : of the database and of the sweep
    timer : of every wait for the database; once it is stopped, the try under way is the last
    """

    def __init__(self, url: str, name: str, timer: Timer | None = None) -> None:
        self._lock = AdvisoryLock(url, name)
        self._over = threading.Event()
        self._timer = (timer or Timer()).stopped_by(self._over)
        self._looked_at = 0.0
        self._loss: SweepBusy | StoreUnavailable | None = None
        self._one_at_a_time = threading.Lock()  # the connection is for one thread at a time

    def take(self) -> None:
        """Take the lock.

        Raises
        ------
        SweepBusy
            If another driver holds it; the message says which.
        StoreUnavailable
            If the database does not answer.
        """
        with_retry(self._take_once, _FIRST_RETRY_SECONDS, timer=self._timer)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look every few seconds, on a thread of its own: a database that restarted has forgotten the lock."""
        thread = threading.Thread(target=self._watch, name="hpsearch-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self) -> None:
        while self._loss is None and not self._over.wait(_LOOK_EVERY_SECONDS):
            with suppress(SweepBusy, StoreUnavailable):  # whom `keep` tells
                self.look()

    def keep(self) -> None:
        """Raise what the last look came to, if the lock is gone; costs nothing.

        Raises
        ------
        SweepBusy
            If another driver has taken it.
        StoreUnavailable
            If the database did not come back.
        """
        if self._loss is not None:
            raise self._loss

    def look(self) -> None:
        """Make sure now that the lock is still ours, or take it again; raises as `keep`."""
        with self._one_at_a_time:
            self.keep()
            if self._lock.holds():
                self._looked_at = self._timer.now()
                return
            try:
                with_retry(self._take_again, _RETRY_SECONDS, timer=self._timer)
            except (SweepBusy, StoreUnavailable) as error:
                self._loss = error
                raise

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def _take_once(self) -> None:
        self._lock.take()
        self._looked_at = self._timer.now()

    def _take_again(self) -> None:
        """Take the lock on a new connection; the old one's end may hold it until the server has noticed."""
        try:
            self._take_once()
        except SweepBusy as error:
            if self._lock.owner not in str(error) or self._timer.now() - self._looked_at > _FORGOTTEN_SECONDS:
                raise
            raise StoreUnavailable(str(error)) from None


@contextmanager
def hold_in_database(url: str, name: str, timer: Timer | None = None) -> Iterator[Lease]:
    """Hold the sweep's lock in a PostgreSQL storage while the block runs.

    Raises
    ------
    SweepBusy
        If another driver holds it.
    """
    if not url.startswith("postgresql"):
        yield Lease()
        return
    lease = DatabaseLease(url, name, timer)
    with closing("the lease in the database was not given back", lease.release):
        lease.take()
        with lease.watched():
            yield Lease(lease.keep, lease.look)
