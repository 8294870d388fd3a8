"""What rooms say of a trial: a curve that grows is, at every moment, its pieces in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.trial import Curve, GrowingCurve

NAMES = ("loss", "val_accuracy")


def pieces_of(lengths):
    """Cut a curve whose every value is another one into pieces of these lengths."""
    values = np.arange(2.0 * sum(lengths)).reshape(-1, 2)
    ends = np.cumsum(lengths)
    return [Curve(NAMES, values[end - length : end]) for length, end in zip(lengths, ends, strict=True)]


@given(st.lists(st.integers(0, 40), max_size=30))
def test_a_growing_curve_is_its_pieces_in_order_after_every_one_of_them(lengths):
    growing, pieces = GrowingCurve(), pieces_of(lengths)
    for count, piece in enumerate(pieces, 1):
        growing.append(piece)
        joined = Curve.join(pieces[:count])
        assert growing.epochs == joined.epochs and growing.curve.names == joined.names
        np.testing.assert_array_equal(growing.curve.values, joined.values)


def test_a_curve_that_was_taken_stays_as_it_was_and_cannot_be_written():
    growing, (first, second) = GrowingCurve(), pieces_of([3, 4])
    growing.append(first)
    earlier = growing.curve
    growing.append(second)
    np.testing.assert_array_equal(earlier.values, first.values)
    with pytest.raises(ValueError, match="read-only"):
        earlier.values[0, 0] = 9.0


def test_a_growing_curve_owns_its_rows():
    growing, values = GrowingCurve(), np.ones((1, 2))
    growing.append(Curve(NAMES, values))
    values[:] = 7.0
    assert growing.curve.at("loss", 1) == 1.0


def test_rows_are_moved_a_bounded_number_of_times_and_never_to_be_read():
    growing, homes = GrowingCurve(), set()
    for piece in pieces_of([1] * 1000):
        growing.append(piece)
        homes.add(growing.curve.values.ctypes.data)
        assert np.shares_memory(growing.curve.values, growing.curve.values), "reading copied the rows"
    assert len(homes) <= 11  # the array doubled


def test_a_piece_with_other_metrics_is_refused():
    growing = GrowingCurve()
    growing.append(pieces_of([2])[0])
    with pytest.raises(ValueError, match="every piece must have the metrics"):
        growing.append(Curve(("loss",), np.ones((1, 1))))
    assert growing.epochs == 2
