"""Checks around the networks: what the data are, and whether the stores can be written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hpsearch.config.addresses import Addresses
from hpsearch.sweep.prepared import PreparedSweep


def data(ready: PreparedSweep) -> str:
    """Say what the rows are; they were read and checked with the spec."""
    parts = ", ".join(f"{rows} {part}" for part, rows in ready.data.summary.items())
    kind = f"{len(ready.data.classes)} classes" if ready.data.classes else "regression"
    return f"{parts} rows, {len(ready.data.features)} features, {kind}, {ready.data.transform.kind}"


def stores(addresses: Addresses) -> str:
    """Write to the home and open both stores; a home that did not exist is not left behind."""
    if addresses.local and not addresses.home.exists():
        with tempfile.TemporaryDirectory() as place:
            _try_stores(Addresses(Path(place), f"sqlite:///{place}/study.db", f"sqlite:///{place}/mlflow.db", None))
        parent = next(folder for folder in addresses.home.parents if folder.exists())
        with tempfile.NamedTemporaryFile(dir=parent):
            return f"{addresses.home} can be made"
    addresses.make()
    _try_stores(addresses)
    return f"study and tracking can be written ({addresses.home})"


def _try_stores(addresses: Addresses) -> None:
    from hpsearch.study.database.database import try_storage
    from hpsearch.tracking import open_store_at

    try_storage(addresses.storage)
    open_store_at(addresses).experiment("hpsearch")
