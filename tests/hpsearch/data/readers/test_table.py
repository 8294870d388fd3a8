"""CSV and Parquet tables: the same rows either way, and every fault named with the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpsearch.data.prepare import load, prepare
from hpsearch.data.readers.table import label_column, read_table
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec


def frame(rows: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": rng.normal(size=rows) * 10.0 ** rng.integers(-200, 200, rows),
            "class": np.tile(["no", "yes"], rows // 2),
            "b": range(rows),
        }
    )


def write(path: Path, text: str) -> DataSpec:
    path.write_text(text)
    return DataSpec(path=str(path))


@pytest.fixture
def table(tmp_path: Path):
    """Return a function that writes CSV text and loads it."""
    return lambda text, **more: load(DataSpec(path=_write(tmp_path / "rows.csv", text), **more), tmp_path)


def _write(path: Path, text: str) -> str:
    path.write_text(text)
    return path.name


def test_csv_and_parquet_give_the_same_data_to_the_bit(tmp_path):
    frame().to_csv(tmp_path / "rows.csv", index=False)
    frame().to_parquet(tmp_path / "rows.parquet")
    csv, parquet = (prepare(DataSpec(path=f"rows.{kind}", transform="none"), tmp_path) for kind in ("csv", "parquet"))
    assert csv.fingerprint == parquet.fingerprint
    assert csv.features == ("a", "b") and csv.classes == ("no", "yes")


def test_the_label_column_can_be_named_and_may_be_numeric(table):
    data = table("x,kind\n1,3\n2,4\n5,3\n", label="kind")
    assert data.classes == (3, 4) and data.y.tolist() == [0, 1, 0] and data.features == ("x",)


def test_a_table_can_be_for_regression(table):
    data = table("x,target\n1,3.5\n2,4\n5,3\n", task="regression")
    assert data.classes == () and data.y.tolist() == [3.5, 4, 3] and data.task == "regression"


@pytest.mark.parametrize(("columns", "expected"), [(["a", "label"], "label"), (["target", "b"], "target")])
def test_a_usual_label_column_is_found(columns, expected):
    assert label_column(columns, None) == expected


@pytest.mark.parametrize(
    ("columns", "label", "message"),
    [
        (
            ["a", "clas"],
            "class",
            r"data\.label: unknown column 'class' \(did you mean 'clas'\?\); choose from: a, clas",
        ),
        (
            ["a", "b"],
            None,
            r"data\.label: name the label column; none is called class, label, target; choose from: a, b",
        ),
        (["class", "target"], None, "both 'class' and 'target' are there"),
    ],
)
def test_a_label_column_that_is_not_there_or_not_clear_lists_the_columns(columns, label, message):
    with pytest.raises(DataError, match=message):
        label_column(columns, label)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"rows\.csv: cannot be read as csv"),
        ("a,class\n", "at least one row is needed"),
        ("class\nx\ny\n", "at least one feature column is needed"),
        ("a,class\n1,x\n2,x\n", "at least two classes are needed, got only 'x'"),
        ("a,class\n1,x\n,y\n", r"got nan \(an empty or missing cell\) in column 'a', row 2"),
        ("a,class\n1,x\n2,\n", r"data\.label: every row needs a label, got nan in row 2"),
        ("a,class\n1,x\ntwo,y\n", "got 'two' in column 'a', row 2"),
        ("a,class\n1,x\n1e999,y\n", "got inf in column 'a', row 2"),
        (",a,class\n0,1,x\n1,2,y\n", "column 1 has none; drop it"),
        ('a,class\n1,"x\n', "cannot be read as csv"),
        ("a,class\n1,x\n1,2,3,4\n", "cannot be read as csv"),
        ('"' + "a" * 200_000 + ",class\n1,x\n", "cannot be read as csv"),
        ("a,class,class\n1,x,x\n2,y,y\n", "column names must be unique, got 'class' more than once"),
        ("a,class\n1,2,x\n3,4,y\n", "a field for each of the 2 columns, got rows with more"),
        ("a,class\n0,2,x\n1,4,y\n", "a field for each of the 2 columns, got rows with more"),
    ],
)
def test_a_faulty_table_gets_one_message(table, text, message):
    with pytest.raises(DataError, match=message):
        table(text)


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"a,class\n1,\xff\xfe\n")
    with pytest.raises(DataError, match=r"rows\.csv: cannot be read as csv"):
        read_table(tmp_path / "rows.csv")


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not parquet at all"])
def test_a_damaged_parquet_file_is_named(tmp_path, damage):
    (tmp_path / "rows.parquet").write_bytes(damage)
    with pytest.raises(DataError, match=r"rows\.parquet: cannot be read as parquet"):
        read_table(tmp_path / "rows.parquet")


def test_a_truncated_parquet_file_is_named(tmp_path):
    frame().to_parquet(tmp_path / "rows.parquet")
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "rows.parquet").write_bytes(whole[: len(whole) // 2] + whole[-8:])
    with pytest.raises(DataError, match=r"rows\.parquet: cannot be read as parquet"):
        read_table(tmp_path / "rows.parquet")


def test_a_class_with_too_few_rows_to_split_is_named(tmp_path):
    with pytest.raises(DataError, match="'rare' has 2"):
        prepare(write(tmp_path / "r.csv", "a,class\n" + "1,often\n" * 20 + "2,rare\n" * 2), tmp_path)


def test_fewer_rows_than_the_classes_need_is_named(tmp_path):
    with pytest.raises(DataError, match="5 of 5 classes in 5 rows have fewer"):
        prepare(write(tmp_path / "r.csv", "a,class\n" + "".join(f"{i},c{i}\n" for i in range(5))), tmp_path)
