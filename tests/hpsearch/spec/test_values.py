"""Values are written as text and read back by one pair of functions, whatever they are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.spec import Choices, Range
from hpsearch.spec.values import decoded, encoded, key, text, texts, value, words

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(JSON)
def test_a_choice_comes_back_as_it_was(choice):
    assert value(text(choice), Choices.model_construct(choices=(choice,))) == choice


@given(st.floats(allow_nan=False) | st.integers())
def test_a_number_comes_back_to_the_last_bit(number):
    came = value(text(number), Range(low=0.0, high=1.0))
    assert came == number and type(came) is type(number)


def test_a_word_that_looks_like_a_number_stays_a_word_where_the_choices_are_words():
    space = {"a": Choices(choices=("1", "2")), "b": Choices(choices=(1, "1")), "c": Range(low=0, high=1)}
    assert words(space) == ["a"]
    assert value("1", space["a"]) == "1" and value("1", space["c"]) == 1 and value("relu") == "relu"
    assert texts({"a": "1", "b": [1, 2], "c": 0.5}) == {"a": "1", "b": "[1, 2]", "c": "0.5"}


def test_what_no_json_can_hold_is_written_all_the_same():
    assert text(math.inf) == "Infinity" and text(1j) == '"1j"' and key(1j) == "1j"


def test_equal_mappings_have_one_key_and_what_python_calls_equal_has_several():
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert len({key(one) for one in (1, 1.0, True, "1")}) == 4


@pytest.mark.parametrize("choice", [1, True, "1", None, 0.5, [1, [2]], {"b": 1, "a": [2]}, "[1, [2]]"])
def test_a_study_gives_the_choice_back(choice):
    parameter = Choices.model_construct(choices=(1.0, False, choice))
    assert decoded(encoded(choice), parameter) == choice
    assert decoded(0.25, Range(low=0.0, high=1.0)) == 0.25
