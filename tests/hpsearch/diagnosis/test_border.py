from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.diagnosis.border import border_above, border_below

VALUES = [0.001, 0.01, 0.1, 1.0, 10.0]


def test_it_lies_between_the_last_unmarked_and_the_first_marked_value():
    found = border_above(VALUES, [False, False, False, True, True])
    assert found.at == pytest.approx((0.1 * 1.0) ** 0.5)
    assert (found.marked, found.everywhere) == (2, False)


def test_the_order_of_the_trials_does_not_matter():
    assert border_above([10.0, 0.1, 1.0, 0.001], [True, False, True, False]).marked == 2


def test_below_is_the_mirror_image():
    found = border_below(VALUES, [True, True, False, False, False])
    assert found.at == pytest.approx((0.01 * 0.1) ** 0.5)


def test_all_marked_is_everywhere():
    assert border_above(VALUES, [True] * 5).everywhere


def test_one_marked_trial_is_no_border():
    assert border_above(VALUES, [False, False, False, False, True]) is None


def test_marks_that_do_not_follow_the_value_have_none():
    assert border_above(VALUES, [True, False, True, False, True]) is None


def test_one_in_eight_may_lie_on_the_wrong_side():
    values = list(range(1, 17))
    marks = [value > 8 for value in values]
    marks[9] = False
    assert border_above(values, marks).at == pytest.approx((8 * 9) ** 0.5)


def test_equal_values_are_never_parted():
    assert border_above([1.0, 1.0, 1.0, 1.0], [True, True, False, False]) is None


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), max_size=30))
def test_at_most_a_quarter_of_the_marked_is_on_the_wrong_side(pairs):
    values, marks = [value for value, _ in pairs], [mark for _, mark in pairs]
    found = border_above(values, marks)
    if found is not None and not found.everywhere:
        wrong = sum((value > found.at) != mark for value, mark in pairs)
        assert wrong <= 0.25 * sum(marks)
