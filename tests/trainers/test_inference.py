"""Predictions keep nothing: a model may be asked from several threads at once, and in the middle of another answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from trainers import TRAINERS
from trainers.layers import LAYERS
from trainers.training import lay_out

SETTINGS = {
    "cnn": {"kernels": [3, 4], "hidden": [8], "batch_size": None},
    "cnn normalized": {"kernels": [3, 4], "batch_norm": True, "batch_size": None},
    "mlp dropout": {"dropout": 0.3, "activation": "tanh"},
    "mlp sigmoid": {"activation": "sigmoid", "output": "sigmoid"},
}
METHODS = ("predict", "predict_proba", "activations")
THREADS, CALLS, ROWS = 4, 15, 500


@pytest.fixture(scope="module", params=[*TRAINERS, *(name for name in SETTINGS if name not in TRAINERS)])
def model(request):
    """Every trainer's model, trained for two epochs."""
    name = request.param.split()[0]
    if name == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    X = np.random.default_rng(0).standard_normal((40, 64))
    y = X[:, 0] if name == "linear" else np.arange(40) % 2
    trainer = TRAINERS[name](epochs=2, **SETTINGS.get(request.param, {}))
    epochs = trainer.train(X, y, X, y, classes=0 if name == "linear" else 2)
    while True:
        try:
            next(epochs)
        except StopIteration as stop:
            return stop.value


@pytest.fixture(params=METHODS)
def answer(request, model):
    """A function from rows to one array: all that the method answers, side by side."""
    if request.param == "predict_proba" and not model.classes:
        pytest.skip("a regression has no probabilities")

    def ask(X):
        result = getattr(model, request.param)(X)
        parts = result.values() if isinstance(result, dict) else [result]
        return np.concatenate([part.reshape(len(X), -1) for part in parts], axis=1)

    return ask


def rows_of(seed, count=ROWS):
    return np.random.default_rng(seed).standard_normal((count, 64)) * 3


def test_threads_get_the_answers_that_one_thread_gets(answer):
    rows = [rows_of(seed) for seed in range(THREADS)]
    expected, together = [answer(X) for X in rows], Barrier(THREADS)

    def wrong_answers(X, right):
        together.wait()
        return sum(not np.allclose(answer(X), right, atol=1e-5) for _ in range(CALLS))

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(wrong_answers, rows, expected)) == [0] * THREADS


def test_an_answer_in_the_middle_of_another_does_not_change_it(answer, monkeypatch):
    """As threads may interleave, without waiting for chance: after every layer other rows are answered in between."""
    X, others, between = rows_of(0), rows_of(1), []
    expected = answer(X)
    for layer in LAYERS.values():

        def forward(self, *arguments, through=layer.forward):
            y = through(self, *arguments)
            if not between:
                between.append(True)
                answer(others)
                between.clear()
            return y

        monkeypatch.setattr(layer, "forward", forward)
    np.testing.assert_array_equal(answer(X), expected)


def test_an_answer_leaves_rows_parameters_and_layers_as_they_were(model, answer):
    X = rows_of(2)
    kept, arrays = X.copy(), model.network.arrays()
    layers = [dict(vars(layer)) for layer in model.network.layers]
    answer(X)
    answer(X[:3])
    np.testing.assert_array_equal(X, kept)
    for name, array in model.network.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
    for layer, before in zip(model.network.layers, layers, strict=True):
        assert vars(layer).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(layer).items()), layer.kind


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("name", ["mlp", "batchnorm"])
def test_predictions_between_epochs_do_not_disturb_the_training(name, batch_size):
    X, y = rows_of(3, 40), np.arange(40) % 2

    def curve(look):
        trainer = TRAINERS[name](epochs=4, hidden=[8], batch_size=batch_size)
        network, loss = trainer.network(64, 2), trainer.loss(2)
        for metrics in trainer.epochs_of(network, loss, lay_out((X, y, X, y), loss, 2, network.dtype)):
            yield metrics
            look(network)

    plain = list(curve(lambda network: None))
    assert list(curve(lambda network: network.forward(rows_of(4)))) == plain
