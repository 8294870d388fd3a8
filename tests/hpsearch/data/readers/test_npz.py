"""npz archives with X and y: plain arrays are read, anything else is named with the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import load
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec


def loaded(folder: Path, **arrays):
    np.savez(folder / "arrays.npz", **arrays)
    return load(DataSpec(path="arrays.npz"), folder)


def test_x_and_y_are_read(tmp_path):
    data = loaded(tmp_path, X=np.arange(6).reshape(3, 2), y=np.array(["a", "b", "a"]))
    assert data.X.tolist() == [[0, 1], [2, 3], [4, 5]] and data.X.dtype == np.float64
    assert data.classes == ("a", "b") and data.features == ("x1", "x2")


def test_a_compressed_archive_is_read(tmp_path):
    np.savez_compressed(tmp_path / "arrays.npz", X=np.zeros((100_000, 2)), y=np.arange(100_000) % 2)
    assert len(load(DataSpec(path="arrays.npz"), tmp_path).y) == 100_000


def test_images_are_flattened_and_keep_their_shape(tmp_path):
    data = loaded(tmp_path, X=np.zeros((3, 4, 5)), y=np.array([0, 1, 0]))
    assert data.X.shape == (3, 20) and data.image_shape == (4, 5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((3, 2))}, "arrays 'X' and 'y' are needed, got X"),
        ({"a": np.zeros(1), "y": np.zeros(3)}, "arrays 'X' and 'y' are needed, got a, y"),
        ({"X": np.zeros(3), "y": np.zeros(3)}, r"X must be \(rows, features\).*got shape \(3,\)"),
        ({"X": np.zeros((3, 2)), "y": np.zeros((3, 1))}, r"y must have one entry a row.*got shape \(3, 1\)"),
        ({"X": np.zeros((3, 2)), "y": np.zeros(4)}, r"shape \(3,\), got shape \(4,\)"),
        ({"X": np.zeros((0, 2)), "y": np.zeros(0)}, "at least one row is needed"),
        ({"X": np.zeros((3, 0)), "y": np.zeros(3)}, "at least one feature column"),
        ({"X": np.array([[1], [None]], dtype=object), "y": np.arange(2)}, "only numbers, booleans and text.*pickle"),
        ({"X": np.array([[1.0], [np.nan]]), "y": np.arange(2)}, "column 'x1', row 2"),
    ],
)
def test_an_archive_that_cannot_be_used_gets_one_message(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message):
        loaded(tmp_path, **arrays)


@pytest.mark.parametrize("keep", [0, 10, 100, -30])
def test_a_truncated_archive_is_named(tmp_path, keep):
    loaded(tmp_path, X=np.zeros((3, 2)), y=np.array([0, 1, 0]))
    path = tmp_path / "arrays.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"arrays\.npz: not a readable npz archive"):
        load(DataSpec(path="arrays.npz"), tmp_path)
