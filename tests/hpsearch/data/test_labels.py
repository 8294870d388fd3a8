"""Labels become codes and keep their type; what is missing or mixed is named."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hpsearch.data.labels import encode, target
from hpsearch.errors import DataError


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["b", "a", "b"]), ("a", "b")),
        (np.array(["b", "a", "b"], dtype=object), ("a", "b")),
        (np.array([7, -1, 7], dtype=np.int8), (-1, 7)),
        (np.array([7, 1, 7], dtype=np.uint64), (1, 7)),
        (np.array([True, False, True]), (False, True)),
        (np.array([2.0, 1.0, 2.0]), (1, 2)),
        (np.array([2.5, 1.0, 2.5], dtype=np.float32), (1.0, 2.5)),
        (np.array([1e300, 1.0, 1e300]), (1.0, 1e300)),
        (np.array([True, False, True], dtype=object), (False, True)),
        (pd.Series(["b", "a", "b"], dtype="category").to_numpy(), ("a", "b")),
        (pd.Series([2, 1, 2], dtype="Int64").to_numpy(), (1, 2)),
    ],
)
def test_classes_are_sorted_and_keep_a_type_that_json_gives_back(labels, classes):
    codes, found = encode(labels)
    assert codes.dtype == np.int64 and codes.tolist() == [1, 0, 1]
    assert found == classes and [type(label) for label in found] == [type(label) for label in classes]
    assert json.loads(json.dumps(found)) == list(classes)


def test_one_long_label_among_many_does_not_take_its_length_for_every_row():
    labels = np.array(["a", "b"] * 50_000 + ["x" * 10_000_000], dtype=object)
    codes, classes = encode(labels)
    assert len(codes) == 100_001 and len(classes) == 3


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, np.inf])
def test_a_missing_label_is_named_by_its_row(missing):
    with pytest.raises(DataError, match=r"data\.label: every row needs a label, got .* in row 3 \(1 such rows\)"):
        encode(np.array(["a", "b", missing], dtype=object))


def test_a_missing_number_among_labels_is_named_by_its_row():
    with pytest.raises(DataError, match="got nan in row 2"):
        encode(np.array([1.0, np.nan, 2.0]))


def test_one_class_only_is_refused_with_the_class():
    with pytest.raises(DataError, match="at least two classes are needed, got only 'a' in 4 rows"):
        encode(np.array(["a"] * 4))


@pytest.mark.parametrize("labels", [["a", 1], [True, "b"], [1.5, "b"]])
def test_labels_of_several_types_are_refused(labels):
    with pytest.raises(DataError, match="labels must all be of one type"):
        encode(np.array(labels, dtype=object))


@pytest.mark.parametrize("label", [b"x", [1], pd.Timestamp("2020-01-01")])
def test_labels_of_other_types_are_refused(label):
    labels = np.empty(2, dtype=object)
    labels[0] = labels[1] = label
    with pytest.raises(DataError, match="labels must be text, integers, booleans or floats"):
        encode(labels)


def test_dates_are_no_labels():
    with pytest.raises(DataError, match=r"labels must be text.*got datetime64"):
        encode(np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"))


def test_targets_become_float64():
    assert target(np.array([1, 2], dtype=np.int32)).dtype == np.float64
    assert target(np.array([1, 2.5], dtype=object)).tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1.0, np.inf]), "targets must be finite, got inf in row 2"),
        (np.array(["a", "b"]), "targets of a regression must be numbers, got 'a' in row 1"),
        (np.array([1.0, None], dtype=object), "must be numbers, got None in row 2"),
    ],
)
def test_a_target_that_is_no_finite_number_is_named_by_its_row(values, message):
    with pytest.raises(DataError, match=message):
        target(values)
