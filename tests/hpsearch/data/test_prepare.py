"""Preparing gives transformed training and validation rows, keeps the test rows out, and is reproducible."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import held_out, load, prepare, train_and_validation
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec

IRIS = DataSpec(dataset="iris")
HERE = Path()
MARK = prepare(IRIS, HERE).fingerprint


def arrays_in(value: object) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value):
        return [array for field in dataclasses.fields(value) for array in arrays_in(getattr(value, field.name))]
    return []


def test_rows_that_changed_meanwhile_are_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,class\n" + "".join(f"{place},{place % 2}\n" for place in range(20)))
    spec = DataSpec(path="rows.csv")
    mark = prepare(spec, tmp_path).fingerprint
    assert len(held_out(spec, tmp_path, mark)) == 5
    path.write_text(path.read_text() + "21,1\n22,0\n")
    for look in (held_out, train_and_validation):
        with pytest.raises(DataError, match=r"rows\.csv: must be the rows that the sweep was begun with"):
            look(spec, tmp_path, mark)


def test_images_are_standardized_and_tables_whitened_unless_told_otherwise():
    assert prepare(DataSpec(dataset="digits"), HERE).transform.kind == "standardize"
    assert prepare(DataSpec(dataset="digits", transform="whiten"), HERE).transform.kind == "whiten"
    assert prepare(IRIS, HERE).transform.kind == "whiten"


def test_the_example_is_of_raw_training_rows():
    train, _ = train_and_validation(IRIS, HERE, MARK)
    np.testing.assert_array_equal(prepare(IRIS, HERE).example, train.X[:5])


def test_parts_have_their_rows_and_the_summary_says_so():
    prepared = prepare(IRIS, HERE)
    assert prepared.summary == {"train": 75, "validation": 38, "test": 37}
    assert (len(prepared.train), len(prepared.validation), len(held_out(IRIS, HERE, MARK))) == (75, 38, 37)
    assert prepared.train.X.dtype == np.float64 and prepared.train.y.dtype == np.int64


def test_prepared_data_hold_no_test_row():
    test, prepared = held_out(IRIS, HERE, MARK), prepare(IRIS, HERE)
    seen = [len(array) for array in arrays_in(prepared)]
    assert max(seen) == 75
    transformed = {row.tobytes() for row in prepared.transform.apply(test.X)}
    raw_train, raw_validation = train_and_validation(IRIS, HERE, MARK)
    repeated = {row.tobytes() for row in test.X} & {row.tobytes() for row in np.vstack([raw_train.X, raw_validation.X])}
    held = {row.tobytes() for row in np.vstack([prepared.train.X, prepared.validation.X])}
    assert len(transformed & held) <= len(repeated)


def test_the_transform_is_fitted_on_training_rows_alone():
    prepared, (raw_train, raw_validation) = prepare(IRIS, HERE), train_and_validation(IRIS, HERE, MARK)
    assert np.allclose(prepared.train.X.mean(axis=0), 0, atol=1e-12)
    assert not np.allclose(prepared.validation.X.mean(axis=0), 0, atol=1e-3)
    assert np.array_equal(prepared.transform.apply(raw_train.X), prepared.train.X)
    assert np.array_equal(prepared.transform.apply(raw_validation.X), prepared.validation.X)


def test_the_three_parts_together_are_the_data():
    parts = [*train_and_validation(IRIS, HERE, MARK), held_out(IRIS, HERE, MARK)]
    rows = sorted(map(tuple, np.vstack([np.column_stack([part.X, part.y]) for part in parts]).tolist()))
    data = load(IRIS, HERE)
    assert rows == sorted(map(tuple, np.column_stack([data.X, data.y]).tolist()))


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"split": (3, 1, 1)}, {"dataset": "wine"}],
    ids=["seed", "split", "data"],
)
def test_the_fingerprint_changes_with_the_rows_and_with_the_split(change):
    assert prepare(IRIS, HERE).fingerprint != prepare(IRIS.model_copy(update=change), HERE).fingerprint


def test_the_fingerprint_does_not_depend_on_the_transform():
    assert prepare(IRIS, HERE).fingerprint == prepare(IRIS.model_copy(update={"transform": "none"}), HERE).fingerprint


def test_one_changed_cell_changes_the_fingerprint(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.arange(12.0).reshape(6, 2), y=[0, 1] * 3)
    np.savez(tmp_path / "b.npz", X=np.nextafter(np.arange(12.0).reshape(6, 2), 99), y=[0, 1] * 3)
    a, b = (prepare(DataSpec(path=name), tmp_path).fingerprint for name in ("a.npz", "b.npz"))
    assert a != b and len(a) == 64


def test_a_built_in_data_set_can_be_used_for_regression_where_its_labels_are_numbers():
    assert prepare(DataSpec(dataset="digits", task="regression"), HERE).task == "regression"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere/rows.csv", r"data\.path: 'nowhere/rows\.csv' does not exist; looked for /.*nowhere/rows\.csv"),
        ("row.csv", r"looked for /.*row\.csv \(did you mean 'rows\.csv'\?\)"),
        (".", "is a folder, not a file"),
        ("a\0b", "cannot be looked up|does not exist"),
        ("x" * 5000, "cannot be looked up|does not exist"),
        ("rows.txt", "of no format that is understood"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_was_looked(tmp_path, given, message):
    (tmp_path / "rows.csv").write_text("a,class\n")
    (tmp_path / "rows.txt").write_text("a,class\n")
    with pytest.raises(DataError, match=message):
        prepare(DataSpec(path=given), tmp_path)


def test_reading_a_built_in_data_set_imports_neither_pandas_nor_scikit_learn():
    code = """
import sys
from pathlib import Path
from hpsearch.data import prepare
from hpsearch.spec.model import DataSpec
prepare(DataSpec(dataset="oscillating"), Path())
sys.exit(bool({"pandas", "sklearn"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
