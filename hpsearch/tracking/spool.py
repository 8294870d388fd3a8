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

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from hpsearch.errors import StoreError
from hpsearch.tracking.schema import Artifact
from hpsearch.trial import Curve

_FOLDER = re.compile(r"trial-(\d+)")
_RECORD = "record.json"


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
    values: dict[str, float] = field(default_factory=dict)  # of every objective, where there are several


@dataclass(frozen=True)
class Delivery:
    """What MLflow is to be told of a finished trial; `files` belong beside its run."""

    entry: Entry
    curve: Curve
    files: tuple[Path, ...] = ()


class Spool:
    """A folder of entries; its size is bounded by what the search produces while MLflow is unreachable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, entry: Entry, curve: Curve, detail: str = "") -> Delivery:
        """Write an entry and its curve, which count only once complete; return them as they would be read back.

        Raises
        ------
        StoreError
            If they cannot be written, for example to a full disk.
        """
        try:
            return self._put(entry, curve, detail)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be written: {error.strerror or error}") from error

    def _put(self, entry: Entry, curve: Curve, detail: str) -> Delivery:
        place = self.place(entry.number)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        files = [place / Artifact.CURVES]
        write_curve(curve, files[0])
        if detail:
            files.append(place / Artifact.ERROR)
            files[1].write_text(detail + "\n", encoding="utf-8")
        part = place / f"{_RECORD}.part"
        part.write_text(json.dumps(asdict(entry)), encoding="utf-8")
        for path in (files[0], part):
            _fsync(path)
        part.replace(place / _RECORD)
        _fsync(place)
        return Delivery(entry, curve, tuple(files))

    def delivery(self, number: int) -> Delivery:
        """Read back what an earlier driver wrote, or this one long ago."""
        place = self.place(number)
        content: dict[str, Any] = json.loads((place / _RECORD).read_text(encoding="utf-8"))
        files = tuple(path for path in sorted(place.iterdir()) if path.suffix in (".parquet", ".txt"))
        return Delivery(Entry(**content), read_curve(place / Artifact.CURVES), files)

    def remove(self, number: int) -> None:
        """Forget an entry; the record goes first, so that half an entry is never taken for a whole one."""
        (self.place(number) / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(self.place(number), ignore_errors=True)

    def has(self, number: int) -> bool:
        """Whether there is a complete entry of a trial."""
        return (self.place(number) / _RECORD).exists()

    def waiting(self) -> list[int]:
        """List the numbers of the complete entries."""
        return sorted(number for number in self._numbers() if self.has(number))

    def entries(self) -> dict[int, Entry | None]:
        """Return every entry by its number: None for one that is half written or damaged; while nobody writes."""
        return {number: self._readable(number) for number in sorted(self._numbers())}

    def _readable(self, number: int) -> Entry | None:
        try:
            return self.delivery(number).entry
        except (OSError, ValueError, TypeError, pa.ArrowException):  # a machine that lost its power, perhaps
            return None

    def _numbers(self) -> Iterator[int]:
        for place in self.folder.iterdir():
            if match := _FOLDER.fullmatch(place.name):
                yield int(match.group(1))

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
    return Curve(names, np.stack(values, axis=1) if values else np.empty((0, 0)))
