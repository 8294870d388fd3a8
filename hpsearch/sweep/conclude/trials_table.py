"""The trials of a sweep as a pandas table, and that table as a file.

`sweep` turns the study's records into the table, which `figures` draws, the command `hpsearch trials` prints or
writes, and a user of ``hpsearch.run`` gets as ``result.trials``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd

from hpsearch.errors import StoreError, UserError
from hpsearch.spec.values import text

if TYPE_CHECKING:
    from hpsearch.trial import TrialRecord

FORMS = {".csv": "csv", ".parquet": "parquet"}


def trials_table(records: Iterable[TrialRecord], *, parameters: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row a trial, in order of their numbers.

    Parameters
    ----------
    records : trials as the study knows them
    parameters : names that get a column even if no trial has them, in this order, before all others

    Returns
    -------
    DataFrame with the columns

    - ``number`` int64
    - ``state`` string: complete, pruned, failed; running or waiting for what has not ended
    - ``value`` float64, NaN where there is none; ``values.<aim>`` float64 as well, where there are several aims
    - ``params.<name>`` int64, float64 or boolean where all values are, else string; a list or mapping is JSON text
    - ``epoch`` Int64, the epoch of the value; ``epochs`` Int64, how many were run
    - ``seconds`` float64, from ``started`` to ``ended``, both datetime64 in UTC
    - ``worker`` string, the process that trained it; ``reason`` string, empty for a complete trial
    """
    rows = sorted(records, key=lambda record: record.number)
    columns: dict[str, pd.Series[Any]] = {
        "number": pd.Series([row.number for row in rows], dtype="int64"),
        "state": pd.Series([_state(row) for row in rows], dtype="string"),
        "value": pd.Series([row.value for row in rows], dtype="float64"),
    }
    aims = dict.fromkeys(name for row in rows for name in row.values)
    columns |= {f"values.{n}": pd.Series([row.values.get(n) for row in rows], dtype="float64") for n in aims}
    names = dict.fromkeys([*parameters, *(name for row in rows for name in row.params)])
    columns |= {f"params.{name}": _parameter([row.params.get(name) for row in rows]) for name in names}
    columns["epoch"] = pd.Series([row.epoch for row in rows], dtype="Int64")
    columns["epochs"] = pd.Series([row.epochs for row in rows], dtype="Int64")
    started, ended = _times([row.started_ms for row in rows]), _times([row.ended_ms for row in rows])
    columns |= {"seconds": (ended - started).dt.total_seconds(), "started": started, "ended": ended}
    columns["worker"] = pd.Series([row.worker for row in rows], dtype="string")
    columns["reason"] = pd.Series([row.reason for row in rows], dtype="string")
    return pd.DataFrame(columns)


def write_table(frame: pd.DataFrame, path: Path | str, form: str | None = None) -> Path:
    """Write `frame` to `path`, all or nothing, and return the path.

    Parameters
    ----------
    form : ``csv`` or ``parquet``; by default what the path's suffix says

    Raises
    ------
    UserError
        The suffix is neither .csv nor .parquet, and no form is given.
    StoreError
        The file cannot be written.
    """
    target = Path(path)
    chosen = form or FORMS.get(target.suffix.lower(), "")
    if chosen not in FORMS.values():
        got = form or target.suffix or target.name
        raise UserError(f"{target}: a table's file must end in {' or '.join(FORMS)}, got {got!r}")
    if not target.parent.is_dir():
        raise StoreError(f"{target}: the table cannot be written: there is no folder {target.parent}")
    beside = target.with_name(f".{target.name[:80]}.{uuid4().hex[:8]}")
    try:
        _write(frame, beside, chosen)
        beside.replace(target)
    except OSError as error:
        raise StoreError(f"{target}: the table cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return target


def _write(frame: pd.DataFrame, path: Path, form: str) -> None:
    if form == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def _state(record: TrialRecord) -> str:
    if record.state is not None:
        return record.state.value
    return "waiting" if record.started_ms is None else "running"


def _parameter(values: list[Any]) -> pd.Series[Any]:
    """Return a parameter's values in the narrowest type that holds them all; text for what no number is."""
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, bool) for value in given):
        return pd.Series(values, dtype="boolean")
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in given):
        return pd.Series([None if value is None else text(value) for value in values], dtype="string")
    whole = len(given) == len(values) and all(isinstance(value, int) and abs(value) < 2**63 for value in given)
    return pd.Series(values, dtype="int64" if whole and values else "float64")


def _times(milliseconds: list[int | None]) -> pd.Series[Any]:
    """Return moments in UTC, NaT where there is none."""
    return pd.to_datetime(pd.Series(milliseconds, dtype="Int64"), unit="ms", utc=True).astype("datetime64[ms, UTC]")
