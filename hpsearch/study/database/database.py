"""The database of a study: opened with its tables made, waited for while it is unavailable, closed without a trace.

Holds Optuna's storage for `stored_study`. `errors` says what went wrong, `sqlite_file` makes a fresh file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

import optuna
import sqlalchemy
from optuna.study import StudyDirection

from hpsearch.config.addresses import redact
from hpsearch.errors import StoreError
from hpsearch.locking.postgresql import soon_given_up
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.study.database.errors import is_made_meanwhile, store_error, store_errors
from hpsearch.study.database.sqlite_file import make_whole, sqlite_path, sqlite_url

PATIENCE_SECONDS = 60.0  # how long a database may be unavailable
_BUSY_SECONDS = 0.3  # how long SQLite itself waits for a lock: deaf to signals meanwhile, so the retry does the rest
_TABLE_PAUSES = (0.1, 0.3, 1.0, 2.0)  # while another process makes the tables
_T = TypeVar("_T")


class Database:
    """One open database; every method may raise StoreError.

    Parameters
    ----------
    timer : ends every wait once it is stopped

    Attributes
    ----------
    storage : Optuna's, without its cache
    """

    def __init__(self, url: str, timer: Timer | None = None) -> None:
        self.url, self._timer = url, timer or Timer()
        # A server that is not there at all is said at once; a locked file is soon free.
        patience = 0.0 if sqlite_path(url) is None else PATIENCE_SECONDS
        self.storage = with_retry(self._opened, patience, timer=self._timer)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection; may be called again."""
        _close(self.storage)

    def retry(self, work: Callable[[], _T], before_again: Callable[[], object] | None = None) -> _T:
        """Do `work`; while the database is unavailable, again, after `before_again` has put in order what it uses."""
        tries = 0

        def once() -> _T:
            nonlocal tries
            tries += 1
            with store_errors(self.url), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a trial that runs again reports its first epochs again
                if tries > 1:
                    self.storage.remove_session()  # its connection died within a transaction
                    if before_again is not None:
                        before_again()
                return work()

        return with_retry(once, PATIENCE_SECONDS, timer=self._timer)

    def _opened(self) -> optuna.storages.RDBStorage:
        """Open the storage with its tables; of two that make them at once one fails, and finds them a moment later."""
        path = sqlite_path(self.url)
        with store_errors(self.url):
            if path is not None:
                make_whole(path, _build)
            for pause in _TABLE_PAUSES:
                try:
                    return self._connected()
                except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
                    if not is_made_meanwhile(error):
                        raise
                self._timer.wait(pause)
            return self._connected()

    def _connected(self) -> optuna.storages.RDBStorage:
        try:
            address = sqlalchemy.make_url(self.url).render_as_string(hide_password=False)
            storage = optuna.storages.RDBStorage(address, engine_kwargs=_engine_options(self.url))
        except RuntimeError as error:
            raise StoreError(
                f"{redact(self.url)}: the study's database was made for another version of Optuna ({error}); "
                "install that version, or name another database"
            ) from error
        # At the engine, below Optuna: it would repeat a creation whose answer was lost, and make a second trial.
        sqlalchemy.event.listen(storage.engine, "handle_error", self._translated)
        if sqlite_path(self.url) is not None:
            sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
            storage.engine.dispose()  # the connections so far
        return storage

    def _translated(self, context: sqlalchemy.engine.ExceptionContext) -> StoreError | None:
        """Replace an error of the engine by ours; Optuna itself handles a row that exists, the pool its own pings."""
        wrapped = context.sqlalchemy_exception
        if wrapped is None or context.is_pre_ping or isinstance(wrapped, sqlalchemy.exc.IntegrityError):
            return None
        return store_error(wrapped, self.url, context.is_disconnect)


def is_there(url: str) -> bool:
    """Whether there can be a study at `url`: only a file can be missing."""
    path = sqlite_path(url)
    return path is None or path.exists()


def try_storage(url: str) -> None:
    """Write to a storage: make an empty study and take it away again.

    Raises
    ------
    StoreError
        If that is not possible.
    """

    def write() -> None:
        study = database.storage.create_new_study([StudyDirection.MINIMIZE], f"hpsearch-check-{uuid4().hex}")
        database.storage.delete_study(study)

    with Database(url) as database:
        database.retry(write)


def _build(path: Path) -> None:
    _close(optuna.storages.RDBStorage(sqlite_url(path)))


def _close(storage: optuna.storages.RDBStorage) -> None:
    storage.remove_session()
    storage.engine.dispose()


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": _BUSY_SECONDS}}
    if url.startswith("postgresql"):
        return {"pool_pre_ping": True, "connect_args": soon_given_up(url)}
    return {}


def _write_ahead(connection: Any, _record: Any) -> None:
    """Log writes ahead: a killed process loses nothing, and a commit does not wait for the disk."""
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")
