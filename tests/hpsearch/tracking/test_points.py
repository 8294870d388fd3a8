"""Which epochs of a curve MLflow shows."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.tracking.points import LIMIT, marked


@given(st.integers(0, 5000), st.integers(2, 300))
def test_points_are_bounded_ordered_and_hold_both_ends(epochs, limit):
    chosen = marked(epochs, limit)
    assert len(chosen) <= limit and chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(1, epochs + 1))
    if epochs:
        assert chosen[0] == 1 and chosen[-1] == epochs


def test_a_short_curve_is_shown_whole():
    assert marked(LIMIT) == list(range(1, LIMIT + 1))


def test_the_points_of_a_long_curve_are_evenly_spaced():
    chosen = marked(1000)
    gaps = {after - before for before, after in itertools.pairwise(chosen)}
    assert len(chosen) == LIMIT and gaps <= {10, 11}
