import numpy as np
import pandas as pd
import pytest

from hpsearch.figures.labels import codes, text


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        (np.array(["b", "a"]), ("a", "b"), [1, 0]),
        (np.array([3, 1], dtype=np.int32), (1, 3), [1, 0]),
        (np.array([1.0, 0.5]), (0.5, 1), [1, 0]),
        (np.array([True, False]), (False, True), [1, 0]),
        (pd.Series(["[50]", "[1, 2]"], dtype="string"), ([1, 2], [50]), [1, 0]),
        (pd.Series([True, None], dtype="boolean"), (False, True), [1, -1]),
        (np.array(["1", "0.5"]), (0.5, 1), [1, 0]),
        (["c", None], ("a", "b"), [-1, -1]),
    ],
)
def test_values_find_their_label_whatever_type_they_came_back_in(values, classes, expected):
    assert codes(values, classes).tolist() == expected


def test_text_is_itself_and_the_rest_json():
    assert [text(label) for label in ("a", 1, True, [1, 2])] == ["a", "1", "true", "[1, 2]"]
