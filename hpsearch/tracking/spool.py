"""Keeps finished trials on the driver's disk until MLflow has taken them.

One folder a trial, complete once its ``record.json`` stands; written before the study is told, so that nothing the
study acknowledges can be missing here. `recorder` fills and empties it, also after a crash.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from hpsearch.errors import StoreError
from hpsearch.trial import Curve

_FOLDER = re.compile(r"trial-(\d+)")


@dataclass(frozen=True)
class Entry:
    """A finished attempt at a trial as MLflow will show it; `status` is MLflow's word."""

    number: int
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    value: float | None
    epoch: int
    started_ms: int
    ended_ms: int
    values: dict[str, float] = field(default_factory=dict)  # of every aim, where there are several


class Spool:
    """A folder of entries; its size is bounded by what the search produces while MLflow is away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, entry: Entry, curve: Curve, detail: str = "") -> None:
        """Write an entry and its curve; it counts only once complete.

        Raises
        ------
        StoreError
            If they cannot be written, for example to a full disk.
        """
        try:
            self._put(entry, curve, detail)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be written: {error.strerror or error}") from error

    def _put(self, entry: Entry, curve: Curve, detail: str) -> None:
        place = self.place(entry.number)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        write_curve(curve, place / "curves.parquet")
        if detail:
            (place / "error.txt").write_text(detail + "\n", encoding="utf-8")
        waiting = place / "record.json.part"
        waiting.write_text(json.dumps(asdict(entry)), encoding="utf-8")
        for path in (place / "curves.parquet", waiting):
            _fsync(path)
        waiting.replace(place / "record.json")
        _fsync(place)

    def entry(self, number: int) -> Entry:
        """Read an entry back."""
        content: dict[str, Any] = json.loads((self.place(number) / "record.json").read_text(encoding="utf-8"))
        return Entry(**content)

    def files(self, number: int) -> list[Path]:
        """List the files that belong beside the trial's run."""
        return [path for path in sorted(self.place(number).iterdir()) if path.suffix in (".parquet", ".txt")]

    def curve(self, number: int) -> Curve:
        """Read an entry's curve back."""
        return read_curve(self.place(number) / "curves.parquet")

    def remove(self, number: int) -> None:
        """Forget an entry; the record goes first, so that half an entry is never taken for a whole one."""
        (self.place(number) / "record.json").unlink(missing_ok=True)
        shutil.rmtree(self.place(number), ignore_errors=True)

    def has(self, number: int) -> bool:
        """Whether there is a complete entry of a trial."""
        return (self.place(number) / "record.json").exists()

    def waiting(self) -> list[int]:
        """List the numbers of the complete entries."""
        return sorted(number for number, _ in self._entries() if self.has(number))

    def sweep(self) -> None:
        """Take away what an earlier driver left half-written or damaged; only while nobody writes."""
        for number, place in list(self._entries()):
            try:
                self.entry(number)
                self.curve(number)
            except (OSError, ValueError, TypeError, pa.ArrowException):  # a machine that lost its power, perhaps
                shutil.rmtree(place, ignore_errors=True)

    def _entries(self) -> Iterator[tuple[int, Path]]:
        for place in self.folder.iterdir():
            if match := _FOLDER.fullmatch(place.name):
                yield int(match.group(1)), place

    def place(self, number: int) -> Path:
        """Return the folder of an entry."""
        return self.folder / f"trial-{number:04d}"


def _fsync(path: Path) -> None:
    """Make sure that a machine that loses its power does not lose this."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_curve(curve: Curve, path: Path) -> None:
    """Write every epoch as a row: ``epoch`` and one float64 column a metric."""
    columns: dict[str, Any] = {"epoch": pa.array(range(1, curve.epochs + 1), pa.int64())}
    columns.update({name: pa.array(curve.values[:, i]) for i, name in enumerate(curve.names)})
    pyarrow.parquet.write_table(pa.table(columns), path, compression="zstd")


def read_curve(path: Path) -> Curve:
    """Read what `write_curve` wrote."""
    table = pyarrow.parquet.read_table(path)
    names = tuple(name for name in table.column_names if name != "epoch")
    values = [table[name].to_numpy() for name in names]
    import numpy as np

    return Curve(names, np.stack(values, axis=1) if values else np.empty((0, 0)))
