"""Opens the tracking store at an address: a server's, or a database's; its scheme chooses.

The engines are imported only here and only when one is opened: MLflow takes seconds. Nothing is read from the
environment: who calls hands the credentials on.
"""

from __future__ import annotations

from pathlib import Path

from hpsearch.config.addresses import Addresses
from hpsearch.config.credentials import Credentials
from hpsearch.tracking.interface import TrackingStore


def open_store(uri: str, home: Path | None = None, credentials: Credentials | None = None) -> TrackingStore:
    """Return the store at `uri`.

    Parameters
    ----------
    uri : ``http(s)://HOST:PORT`` of an MLflow server, or a database's address as SQLAlchemy reads it
    home : where the files of a SQLite database lie, by default beside it
    credentials : for a server; a database's are part of its driver's own settings

    Raises
    ------
    StoreError
        Within seconds: if nothing answers (StoreUnavailable), or what answers refuses.
    """
    if uri.startswith(("http://", "https://")):
        from hpsearch.tracking.server.store import RestStore

        return RestStore(uri, credentials)
    from hpsearch.tracking.client.database import DatabaseStore

    return DatabaseStore(uri, home)


def open_store_at(addresses: Addresses) -> TrackingStore:
    """Return the store of `addresses`, with their credentials."""
    return open_store(addresses.tracking, addresses.home, addresses.credentials)
