"""Finished trials on disk: whole or not there."""

from __future__ import annotations

import numpy as np
import pytest

from hpsearch.tracking.spool import Entry, Spool, read_curve, write_curve
from hpsearch.trial import Curve

CURVE = Curve(("loss", "update_ratio/a/weights"), np.array([[1.0, 0.5], [0.25, 1e-9]]))


def entry(number=3):
    return Entry(number, "FINISHED", {"x": "0.5"}, {"hpsearch.state": "complete"}, 0.75, 2, 1000, 2000)


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def test_an_entry_its_curve_and_its_error_are_read_back_equal(spool):
    spool.put(entry(), CURVE, "Traceback: ü")
    again = Spool(spool.folder)
    delivery = again.delivery(3)
    assert again.waiting() == [3] and again.entries() == {3: entry()}
    assert delivery.entry == entry() and delivery.curve.names == CURVE.names
    np.testing.assert_array_equal(delivery.curve.values, CURVE.values)
    assert [path.name for path in delivery.files] == ["curves.parquet", "error.txt"]
    assert (spool.place(3) / "error.txt").read_text(encoding="utf-8") == "Traceback: ü\n"


def test_an_entry_put_twice_is_the_second_one(spool):
    spool.put(entry(), CURVE, "first")
    spool.put(entry(), Curve())
    delivery = spool.delivery(3)
    assert delivery.curve.epochs == 0 and [path.name for path in delivery.files] == ["curves.parquet"]


@pytest.mark.parametrize("detail", ["", "Traceback"])
def test_what_put_returns_is_what_would_be_read_back(spool, detail):
    written = spool.put(entry(), CURVE, detail)
    again = spool.delivery(3)
    assert (written.entry, written.files) == (again.entry, again.files)
    np.testing.assert_array_equal(written.curve.values, again.curve.values)


def test_half_an_entry_is_listed_as_none_and_does_not_wait(spool):
    spool.put(entry(1), CURVE)
    spool.put(entry(2), CURVE)
    (spool.place(2) / "record.json").rename(spool.place(2) / "record.json.part")
    (spool.folder / "something else").touch()
    assert spool.waiting() == [1]
    assert spool.entries() == {1: entry(1), 2: None}


@pytest.mark.parametrize("name", ["record.json", "curves.parquet"])
@pytest.mark.parametrize("content", [b"", b"\0" * 400])
def test_an_entry_that_lost_its_bytes_with_the_power_is_listed_as_none(spool, name, content):
    spool.put(entry(1), CURVE)
    spool.put(entry(2), CURVE)
    (spool.place(2) / name).write_bytes(content)
    assert spool.entries() == {1: entry(1), 2: None}
    spool.remove(2)
    assert spool.waiting() == [1] and not spool.place(2).exists()


def test_a_removed_entry_is_gone(spool):
    spool.put(entry(), CURVE)
    spool.remove(3)
    spool.remove(3)
    assert spool.waiting() == [] and list(spool.folder.iterdir()) == []


@pytest.mark.parametrize(
    "curve",
    [CURVE, Curve(), Curve(("a",), np.empty((0, 1))), Curve(("a",), np.array([[1e308], [-1e-308], [0.1 + 0.2]]))],
    ids=["two metrics", "nothing", "no epoch", "to the last bit"],
)
def test_a_curve_survives_its_file_bit_for_bit(curve, tmp_path):
    write_curve(curve, tmp_path / "curve.parquet")
    again = read_curve(tmp_path / "curve.parquet")
    assert again.names == curve.names and again.epochs == curve.epochs
    np.testing.assert_array_equal(again.values, curve.values)


def test_a_curve_s_file_counts_its_epochs_from_one(tmp_path):
    import pandas as pd

    write_curve(CURVE, tmp_path / "curve.parquet")
    frame = pd.read_parquet(tmp_path / "curve.parquet")
    assert list(frame.columns) == ["epoch", *CURVE.names] and list(frame["epoch"]) == [1, 2]
