"""The exact figures of articles C and D, through the public classes.

A figure belongs here only if rounding cannot move it: processors add up in different orders (OpenBLAS has kernels for
each), so every run is asked for its figures once more from weights that differ by far more than rounding.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from trainers.layers import Dense, Sigmoid, Tanh
from trainers.losses import SoftmaxCrossEntropy
from trainers.network import Network
from trainers.optimizers import Sgd
from trainers.schedules import Constant, InverseTime
from trainers.training import Group, Updates, full_batch, lay_out

NUDGES = (0.0, 1e-12)  # relative changes of the initial weights; rounding is 1e-16, the figures have six digits

sklearn_datasets = pytest.importorskip("sklearn.datasets")


def moons():
    np.random.seed(0)  # the articles' own draws came from NumPy's global generator
    return sklearn_datasets.make_moons(200, noise=0.20)


def article_network(sizes):
    """Return a tanh network whose weights are drawn layer by layer as articles C draw them."""
    layers = [part for units in sizes[1:-1] for part in (Dense(units), Tanh())]
    network = Network([*layers, Dense(sizes[-1])], (sizes[0],), "float64")
    np.random.seed(0)
    for number, (inputs, units) in enumerate(itertools.pairwise(sizes), start=1):
        network.parameters[f"layer{number}.weights"][...] = (np.random.randn(inputs, units) / np.sqrt(inputs)).T
    return network


def curve_of(sizes, schedule, epochs, nudge):
    X, y = moons()
    network, loss = article_network(sizes), SoftmaxCrossEntropy()
    network.flat *= 1 + nudge * np.random.default_rng(0).standard_normal(network.flat.size)
    rows = lay_out((X, y, X, y), loss, 2, network.dtype)
    sgd = Sgd(network.flat.size, network.dtype)
    updates = Updates(network, 5e-5, [Group(slice(0, network.flat.size), sgd, schedule)])
    for metrics in full_batch(network, loss, rows, updates, epochs):
        yield network, metrics


@pytest.mark.parametrize("nudge", NUDGES)
def test_article_c_fixed_rate_gives_its_losses(nudge):
    """Up to iteration 1,000; then the run is chaotic, and rounding decides which of two minima it ends in."""
    losses = {}
    for i, (_, metrics) in enumerate(curve_of([2, 3, 2], Constant(2.0, 0.0, 1001), 1001, nudge)):
        if i in (0, 1000):
            losses[i] = metrics["train_loss"] + metrics["l2_loss"]
    assert losses == pytest.approx({0: 0.432387, 1000: 0.068947}, abs=1e-6)


@pytest.mark.parametrize("nudge", NUDGES)
def test_article_c_inverse_time_gives_its_losses(nudge):
    losses = {}
    for i, (network, metrics) in enumerate(curve_of([2, 3, 3, 2], InverseTime(2.0, 0.01, 19001), 19001, nudge)):
        if i in (0, 1000, 2000, 19000):
            counted = [network.parameters[f"layer{n}.weights"] for n in (1, 2)]  # the article leaves W3 out
            losses[i] = metrics["train_loss"] + 0.5 * 5e-5 * sum(float(np.sum(w**2)) for w in counted)
    expected = {0: 0.471144, 1000: 0.065453, 2000: 0.063970, 19000: 0.061451}
    assert losses == pytest.approx(expected, abs=1e-6)


def test_article_d_forward_pass_gives_its_probabilities():
    network = Network(
        [Dense(4, bias=False), Sigmoid(), Dense(4, bias=False), Sigmoid(), Dense(3, bias=False)], (3,), "float64"
    )
    weights = {
        1: [[2, -1, 1, 4], [-1, 2, -3, 1], [3, -2, -1, 5]],
        2: [[3, 1, -2, 1], [-2, 4, 1, -4], [-1, -3, 2, -5], [3, 1, 1, 1]],
        3: [[-1, 3, -2], [1, -1, -3], [3, -2, 2], [1, 2, 1]],
    }
    for number, matrix in weights.items():
        network.parameters[f"layer{number}.weights"][...] = np.array(matrix).T
    scores = network.forward(np.array([[0.5, 0.8, 0.2], [0.6, 0.1, 0.9]]))
    expected = [[0.72780576, 0.26927918, 0.00291506], [0.36618794, 0.63016955, 0.00364252]]
    np.testing.assert_allclose(SoftmaxCrossEntropy().probabilities(scores.T).T, expected, atol=1e-8)
