"""Features become float64, and the cell that cannot is named by column and row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hpsearch.data.features import finite_features
from hpsearch.errors import DataError


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u8", "?", ">f8", "O"])
def test_arrays_of_numbers_become_float64(dtype):
    X = np.array([[1, 0], [0, 1]]).astype(dtype)
    assert finite_features(X, "ab").dtype == np.float64
    assert finite_features(X, "ab").tolist() == [[1, 0], [0, 1]]


def test_columns_of_several_dtypes_become_one_matrix():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False], "d": pd.array([3, 4], "Int64")})
    assert finite_features(frame, list(frame)).tolist() == [[1, 0.5, 1, 3], [2, 1.5, 0, 4]]


@pytest.mark.parametrize(
    ("column", "got", "row"),
    [
        ([1.0, np.nan], "nan", 2),
        ([1.0, -np.inf], "-inf", 2),
        (["1.5", "abc"], "'abc'", 2),
        (["1.5", "2.5"], "'1.5'", 1),
        ([1.0, None], "nan", 2),
        (pd.array([1, None], "Int64"), "nan", 2),
        (pd.Categorical(["x", "y"]), "'x'", 1),
        ([1, 10**400], "inf", 2),
        ([1.0, [2]], r"\[2\]", 2),
    ],
)
def test_a_cell_that_is_no_finite_number_is_named(column, got, row):
    frame = pd.DataFrame({"good": [1, 2], "bad": column})
    with pytest.raises(DataError, match=rf"data: features must be finite.*got {got}.* in column 'bad', row {row}"):
        finite_features(frame, ["good", "bad"])


@pytest.mark.parametrize("column", [pd.to_datetime(["2020-01-01", "2020-01-02"]), np.array([1j, 2j])])
def test_dates_and_complex_numbers_are_refused_by_column(column):
    with pytest.raises(DataError, match="column 'bad' must hold numbers"):
        finite_features(pd.DataFrame({"bad": column}), ["bad"])


def test_the_number_of_bad_cells_is_told():
    with pytest.raises(DataError, match="row 1 and 3 more"):
        finite_features(np.full((2, 2), np.nan), "ab")
