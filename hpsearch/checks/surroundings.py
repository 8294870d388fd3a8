"""Checks around the networks: what the data are, and whether the stores can be written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hpsearch.places import Places
from hpsearch.sweep.ready import Ready


def data(ready: Ready) -> str:
    """Say what the rows are; they were read and checked with the spec."""
    parts = ", ".join(f"{rows} {part}" for part, rows in ready.data.summary.items())
    kind = f"{len(ready.data.classes)} classes" if ready.data.classes else "regression"
    return f"{parts} rows, {len(ready.data.features)} features, {kind}, {ready.data.transform.kind}"


def stores(places: Places) -> str:
    """Write to the home and open both stores; a home that did not exist is not left behind."""
    if places.local and not places.home.exists():
        with tempfile.TemporaryDirectory() as place:
            _try_stores(Places(Path(place), f"sqlite:///{place}/study.db", f"sqlite:///{place}/mlflow.db", None))
        parent = next(folder for folder in places.home.parents if folder.exists())
        with tempfile.NamedTemporaryFile(dir=parent):
            return f"{places.home} can be made"
    places.make()
    _try_stores(places)
    return f"study and tracking can be written ({places.home})"


def _try_stores(places: Places) -> None:
    from hpsearch.study import try_storage
    from hpsearch.tracking.store import Store

    try_storage(places.storage)
    Store(places.tracking, places.home).experiment("hpsearch")
