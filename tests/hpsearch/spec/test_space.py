"""Ranges and choices: what they take, what they refuse, what they stand for."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hpsearch.errors import SpecError
from hpsearch.spec import Choices, Range
from hpsearch.spec.space import grid
from hpsearch.spec.values import decoded, encoded

finite = st.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("given_range", "rule"),
    [
        ({"low": 2, "high": 1}, "low must be below high, got low=2, high=1"),
        ({"low": 1, "high": 1}, "low must be below high"),
        ({"low": 0.0, "high": 1.0, "log": True}, "log needs low above 0, got low=0.0, high=1.0"),
        ({"low": -1.0, "high": 1.0, "log": True}, "log needs low above 0"),
        ({"low": 1.0, "high": 2.0, "log": True, "step": 0.5}, "log and step exclude each other"),
        ({"low": 0, "high": 1, "step": 0}, "step must be above 0"),
        ({"low": 0, "high": 1, "step": -1}, "step must be above 0"),
        ({"low": 0, "high": 1, "step": 2}, "fit between the bounds"),
        ({"low": math.nan, "high": 1.0}, "must be finite, got nan"),
        ({"low": 0.0, "high": math.inf}, "must be finite, got inf"),
        ({"low": 0, "high": 2**70}, "must lie within ±2\\*\\*53"),
        ({"low": True, "high": 2}, "must be a number, got True"),
        ({"low": "0", "high": 2}, "must be a number, got '0'"),
        ({"low": 0.5, "high": 3, "type": "integer"}, "an integer range needs whole bounds, got low=0.5"),
        ({"low": -1.7e308, "high": 1.7e308}, "high - low must be finite"),
    ],
)
def test_a_range_that_breaks_a_rule_is_refused_with_the_rule(given_range, rule):
    with pytest.raises(ValidationError, match=rule):
        Range(**given_range)


@pytest.mark.parametrize(
    ("given_range", "integer"),
    [
        ({"low": 1, "high": 8}, True),
        ({"low": 1, "high": 8, "step": 2}, True),
        ({"low": 1.0, "high": 8}, False),
        ({"low": 1, "high": 8, "step": 0.5}, False),
        ({"low": 1, "high": 8, "type": "float"}, False),
        ({"low": 1.0, "high": 8.0, "type": "integer"}, True),
    ],
)
def test_a_range_is_whole_where_all_its_bounds_are_or_where_it_says_so(given_range, integer):
    assert Range(**given_range).integer is integer


@given(finite, finite, st.booleans())
def test_the_middle_of_a_range_lies_inside_it(low, high, log):
    low, high = sorted((abs(low), abs(high)))
    if high <= low or (log and low == 0):
        return
    middle = Range(low=low, high=high, log=log).middle()
    assert isinstance(middle, float)
    assert low <= middle <= high or math.isclose(middle, low) or math.isclose(middle, high)


@pytest.mark.parametrize(("low", "high"), [(1e-300, 1e-200), (1e200, 1e300)])
def test_the_middle_of_an_extreme_logarithmic_range_neither_over_nor_underflows(low, high):
    assert low < Range(low=low, high=high, log=True).middle() < high


@given(st.integers(-1000, 1000), st.integers(1, 1000), st.integers(1, 100))
def test_every_point_of_an_integer_grid_is_whole_and_within_the_bounds(low, width, step):
    if step > width:
        return
    made = Range(low=low, high=low + width, step=step)
    points = made.grid()
    assert all(isinstance(point, int) and low <= point <= low + width for point in points)
    assert points[0] == low and points[-1] + step > low + width
    assert made.middle() in points


@pytest.mark.parametrize(("high", "step"), [(0.3, 0.1), (0.7, 0.1), (1.0, 0.25), (1.0, 0.3)])
def test_no_point_of_a_grid_of_fractions_lies_above_the_upper_bound(high, step):
    points = Range(low=0.0, high=high, step=step).grid()
    assert points[0] == 0.0 and max(points) <= high
    assert len(points) == math.floor(high / step + 1e-9) + 1


def test_a_continuous_range_has_no_grid():
    assert Range(low=0.0, high=1.0).grid() is None
    with pytest.raises(SpecError, match=r"space\.x: the grid sampler needs a step or choices"):
        grid({"x": Range(low=0.0, high=1.0)})


def test_a_grid_too_large_to_list_is_refused_at_once():
    with pytest.raises(SpecError, match=r"space\.x: .*points"):
        grid({"x": Range(low=0, high=2**50)})


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        ([], "at least 1 item"),
        ("relu", "must be a list, got 'relu'"),
        ([1, 2, 1], "each may stand once, got 1 twice"),
        ([[50], [50]], r"each may stand once, got \[50\] twice"),
        ([1, 1.0], "each may stand once, got 1.0 twice"),
        ([True, 1], "each may stand once, got 1 twice"),
        ([math.nan], "each must be a plain finite value"),
        ([object()], "each must be a plain finite value"),
        (["x" * 7000], "6000 characters long at most"),
    ],
)
def test_choices_that_break_a_rule_are_refused_with_the_rule(choices, rule):
    with pytest.raises(ValidationError, match=rule):
        Choices(choices=choices)


plain = st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=5) | st.lists(st.integers(), max_size=3)


@given(st.lists(plain, min_size=1, max_size=6, unique_by=lambda value: json.dumps(value)))
def test_every_choice_survives_being_stored(values):
    try:
        made = Choices(choices=values)
    except ValidationError:
        return
    for choice in made.choices:
        if isinstance(choice, str) and choice.startswith("["):
            continue  # a text that reads like a stored list
        restored = decoded(encoded(choice), made)
        assert restored == choice and type(restored) is type(choice)
