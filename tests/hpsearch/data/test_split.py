"""The split is disjoint, complete, stratified, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.data.split import split_rows
from hpsearch.errors import DataError

COUNTS = st.lists(st.integers(3, 40), min_size=2, max_size=8)
RATIOS = st.tuples(*[st.floats(0.05, 10)] * 3)
PINNED = [[10, 5, 3, 7, 11, 2], [8, 0, 4], [1, 9, 6]]
SEEDS = st.integers(0, 2**32 - 1)


def codes_of(counts: list[int], seed: int) -> np.ndarray:
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(y)


@given(COUNTS, RATIOS, SEEDS)
def test_parts_are_disjoint_and_complete(counts, ratios, seed):
    y = codes_of(counts, seed)
    split = split_rows(y, range(len(counts)), ratios, seed)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(len(y)))


@given(COUNTS, RATIOS, SEEDS)
def test_every_part_has_its_share_of_every_class_to_within_a_row(counts, ratios, seed):
    y = codes_of(counts, seed)
    split = split_rows(y, range(len(counts)), ratios, seed)
    shares = np.array(ratios) / sum(ratios)
    for code, count in enumerate(counts):
        got = np.array([np.sum(y[part] == code) for part in (split.train, split.validation, split.test)])
        assert got.min() >= 1
        if (count * shares).min() >= 1:
            assert np.abs(got - count * shares).max() < 1 + 1e-9


@given(st.integers(2, 60), st.integers(4, 9), SEEDS)
def test_parts_keep_their_size_however_many_classes_there_are(classes, rows_a_class, seed):
    y = codes_of([rows_a_class] * classes, seed)
    split = split_rows(y, range(classes), (2, 1, 1), seed)
    assert abs(len(split.train) - len(y) / 2) <= 1
    assert abs(len(split.test) - len(y) / 4) <= 1


@given(st.integers(3, 200), RATIOS, SEEDS)
def test_regression_is_split_without_strata(rows, ratios, seed):
    split = split_rows(np.linspace(0, 1, rows), (), ratios, seed)
    assert sorted(np.concatenate([split.train, split.validation, split.test])) == list(range(rows))
    assert min(map(len, (split.train, split.validation, split.test))) >= 1


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    y = codes_of([50, 50], 0)
    first, again, other = (split_rows(y, "ab", (2, 1, 1), seed) for seed in (3, 3, 4))
    assert np.array_equal(first.train, again.train) and np.array_equal(first.test, again.test)
    assert not np.array_equal(first.train, other.train)


def test_the_split_of_a_seed_is_pinned():
    split = split_rows(np.repeat([0, 1], 6), "ab", (2, 1, 1), 0)
    assert [part.tolist() for part in (split.train, split.validation, split.test)] == PINNED


def test_a_part_is_not_sorted_by_class():
    y = np.repeat([0, 1], 500)
    split = split_rows(y, "ab", (2, 1, 1), 0)
    assert 200 < np.abs(np.diff(y[split.train])).sum() < 300


def test_a_class_with_too_few_rows_is_named_with_its_count():
    with pytest.raises(DataError, match=r"every class needs at least 3 rows.*1 of 2 classes.*'rare' has 2"):
        split_rows(np.repeat([0, 1], [50, 2]), ("common", "rare"), (2, 1, 1), 0)


def test_as_many_classes_as_rows_is_refused_with_a_hint_at_regression():
    with pytest.raises(DataError, match=r"10 of 10 classes in 10 rows.*data\.task: regression"):
        split_rows(np.arange(10), range(10), (2, 1, 1), 0)


def test_two_rows_cannot_be_split_for_regression():
    with pytest.raises(DataError, match=r"at least 3 rows are needed to split.*got 2"):
        split_rows(np.zeros(2), (), (2, 1, 1), 0)


@pytest.mark.parametrize("ratios", [(1, 0, 1), (1, -1, 1), (1, float("nan"), 1), (1, float("inf"), 1), (1, 1)])
def test_a_ratio_that_is_not_above_zero_is_refused(ratios):
    with pytest.raises(DataError, match=r"data\.split: three numbers above zero"):
        split_rows(np.repeat([0, 1], 6), "ab", ratios, 0)
