"""Reads a user's files: tables, npz archives, IDX images; one format a module.

`read` finds the file, picks the format and returns a `hpsearch.data.dataset.Raw`, which is checked afterwards. Every
failure is a DataError that names the file.
"""

from __future__ import annotations

from pathlib import Path

from hpsearch.data.dataset import Raw
from hpsearch.data.readers import idx, npz, table
from hpsearch.data.readers.locate import locate
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec

FORMATS = "rows.csv, rows.parquet, arrays.npz, or an IDX images file (plain or .gz)"


def read(spec: DataSpec, folder: Path) -> Raw:
    """Read the file that ``spec.path`` names, relative to `folder`.

    Raises
    ------
    DataError
        The file is not there, cannot be read, or is of no format that is understood.
    """
    path = locate("data.path", str(spec.path), folder)
    if path.suffix.lower() in table.SUFFIXES:
        return table.read(path, spec.label)
    if path.suffix.lower() == ".npz":
        return npz.read(path)
    if not idx.is_idx(path):
        raise DataError(f"data.path: {path} is of no format that is understood; choose from: {FORMATS}")
    if spec.labels is None:
        raise DataError(f"data.labels: an IDX images file needs the labels file that goes with it, got none for {path}")
    return idx.read(path, locate("data.labels", spec.labels, folder))
