"""The data sets of the articles are made as the articles say."""

from __future__ import annotations

import numpy as np
import pytest

from hpsearch.data.builtin.gates import gates
from hpsearch.data.builtin.moons import moons
from hpsearch.data.builtin.noise import random
from hpsearch.data.builtin.oscillating import oscillating
from hpsearch.data.builtin.plane import plane
from hpsearch.data.builtin.regions import diamond, square


def test_oscillating_without_noise_is_the_formula():
    raw = oscillating(classes=4, per_class=50, noise=0.0)
    x = np.linspace(-np.pi, np.pi, 50) + 5
    for j in range(4):
        y = np.sin(x + j * np.pi / 2) + 0.2 * np.sin(10 * x + j * np.pi / 2) + 0.25 * x + 10
        assert np.allclose(raw.X[raw.y == j], np.column_stack([x, y]))


def test_oscillating_has_noise_of_its_standard_deviation():
    difference = oscillating(per_class=5000).X - oscillating(per_class=5000, noise=0.0).X
    assert np.all(difference[:, 0] == 0)
    assert abs(difference[:, 1].std() - 0.1) < 0.003


def test_moons_are_the_points_that_the_articles_drew_after_seeding_globally():
    from sklearn.datasets import make_moons

    state = np.random.get_state()
    np.random.seed(0)
    X, y = make_moons(200, noise=0.20)
    np.random.set_state(state)
    assert np.array_equal(moons().X, X) and np.array_equal(moons().y, y)


def test_random_features_are_normal_and_labels_uniform():
    raw = random(rows=4000, features=3, classes=5)
    assert raw.X.shape == (4000, 3)
    assert np.all(np.abs(raw.X.mean(axis=0)) < 0.06) and np.all(np.abs(raw.X.std(axis=0) - 1) < 0.05)
    assert np.all(np.abs(np.bincount(raw.y) - 800) < 120)


def test_diamond_and_square_follow_their_inequalities():
    for raw, inside in (
        (diamond(), lambda X: np.abs(X[:, 0]) + np.abs(X[:, 1]) < 1),
        (square(), lambda X: np.maximum(np.abs(X[:, 0]), np.abs(X[:, 1])) < 0.5),
    ):
        assert raw.X.shape == (500, 2) and np.abs(raw.X).max() <= 1
        assert np.array_equal(raw.y == 1, inside(raw.X))


@pytest.mark.parametrize(
    ("gate", "function"),
    [
        ("and", lambda a, b: a and b),
        ("or", lambda a, b: a or b),
        ("nand", lambda a, b: not (a and b)),
        ("xor", lambda a, b: a != b),
    ],
)
def test_gates_are_truth_tables(gate, function):
    raw = gates(gate, copies=3)
    assert len(raw.y) == 12
    assert all(bool(y) == bool(function(a, b)) for (a, b), y in zip(raw.X, raw.y, strict=True))


def test_plane_is_linear_up_to_its_noise():
    raw = plane(rows=2000)
    residual = raw.y - (1.5 + 2 * raw.X[:, 0] + 5 * raw.X[:, 1])
    assert abs(residual.std() - 0.5) < 0.03
    assert raw.X.min() >= 0 and raw.X.max() <= 10
