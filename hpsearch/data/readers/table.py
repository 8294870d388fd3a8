"""Reads CSV and Parquet tables with pandas: one column is the label, the others are features.

`read_table` alone serves rows to predict. pandas is imported when the first table is read, not before: worker
processes start faster without it.
"""

from __future__ import annotations

import csv
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from hpsearch.data.dataset import Raw
from hpsearch.errors import DataError, unknown

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet", ".pq")
USUAL_LABELS = ("class", "label", "target")

_NAMELESS = re.compile(r"Unnamed: \d+|\s*")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file (UTF-8, comma, header) or a Parquet file, by its ending.

    Raises
    ------
    DataError
        The file is not there, is damaged, has two columns of one name, or rows of more fields than columns.
    """
    import pandas as pd

    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path}: a table must end in one of {', '.join(SUFFIXES)}")
    try:
        frame = _read_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except DataError:
        raise
    except (ValueError, OSError, RuntimeError, LookupError, TypeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as {path.suffix.lower()[1:]} ({_first_line(error)})") from error
    frame.columns = frame.columns.map(str)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{path}: column names must be unique, got {twice!r} more than once")
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file; what pandas would mend in silence is refused, for its columns would be others than they look."""
    import pandas as pd

    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next((row for row in csv.reader(file) if row), [])
    twice = [name for name in header if name.strip() and header.count(name) > 1]
    if twice:
        raise DataError(f"{path}: column names must be unique, got {twice[0]!r} more than once")
    # Without index_col it would take the first column of rows longer than the header for the rows' names.
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(path, low_memory=False, index_col=False)
        except pd.errors.ParserWarning:
            rule = f"every row must have a field for each of the {len(header)} columns"
            raise DataError(f"{path}: {rule}, got rows with more") from None


def read(path: Path, label: str | None) -> Raw:
    """Read a table with its label column.

    Raises
    ------
    DataError
        As `read_table`; or a column has no name, or the label column is not there, or not to be guessed.
    """
    frame = read_table(path)
    columns = [str(column) for column in frame.columns]
    name = label_column(columns, label)
    nameless = [column for column in columns if _NAMELESS.fullmatch(column)]
    if nameless:
        # Most often the index of a saved frame: as a feature it would tell the order of the rows, and so the label.
        raise DataError(f"{path}: every column needs a name, column {columns.index(nameless[0]) + 1} has none; drop it")
    features = frame.drop(columns=name)
    return Raw(features, frame[name].to_numpy(), tuple(str(column) for column in features.columns))


def label_column(columns: list[str], label: str | None) -> str:
    """Return which of `columns` is the label: the one named, or the only one called class, label or target.

    Raises
    ------
    DataError
        No such column, or none or several of the usual names; the message lists the columns.
    """
    if label is not None:
        if label not in columns:
            raise DataError(unknown("data.label", "column", label, columns))
        return label
    usual = [name for name in USUAL_LABELS if name in columns]
    if len(usual) == 1:
        return usual[0]
    found = f"both {' and '.join(map(repr, usual))} are there" if usual else f"none is called {', '.join(USUAL_LABELS)}"
    raise DataError(f"data.label: name the label column; {found}; choose from: {', '.join(columns)}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
