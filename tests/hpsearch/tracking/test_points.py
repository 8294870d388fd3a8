"""Which epochs of a curve MLflow shows."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.tracking.points import LIMIT, curve_points, marked
from hpsearch.trial import Curve


@given(st.integers(0, 5000), st.integers(2, 300))
def test_points_are_bounded_ordered_and_hold_both_ends(epochs, limit):
    chosen = marked(epochs, limit)
    assert len(chosen) <= limit and chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(1, epochs + 1))
    if epochs:
        assert chosen[0] == 1 and chosen[-1] == epochs


def test_points_are_stamped_with_the_trial_s_beginning_plus_the_epoch():
    curve = Curve(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    points = [("a", 1.0, 1001, 1), ("b", 2.0, 1001, 1), ("a", 5.0, 1003, 3), ("b", 6.0, 1003, 3)]
    assert curve_points(curve, 1000, [1, 3, 5]) == points


def test_a_short_curve_is_shown_whole():
    assert marked(LIMIT) == list(range(1, LIMIT + 1))


def test_the_points_of_a_long_curve_are_evenly_spaced():
    chosen = marked(1000)
    gaps = {after - before for before, after in itertools.pairwise(chosen)}
    assert len(chosen) == LIMIT and gaps <= {10, 11}
