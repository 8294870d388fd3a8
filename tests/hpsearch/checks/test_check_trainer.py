"""The suite for trainers: ours and the examples pass it, and each way to break the protocol is told plainly."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import sample_trainers
from sample_trainers import Means, Quadratic, metrics

import hpsearch
from hpsearch.checks.check_trainer import CheckRows, check_trainer
from trainers import TRAINERS

EXAMPLES = Path(hpsearch.__file__).parent / "examples" / "own_trainer"
IMAGES = CheckRows.small(classes=2, features=64)
REGRESSION = CheckRows.small(classes=0)
NEEDS = {
    "cnn": {"rows": IMAGES},
    "linear": {"rows": REGRESSION},
    "logistic": {"rows": CheckRows.small(classes=2)},
}
torch_is_missing = importlib.util.find_spec("torch") is None


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_of_our_own_passes(name):
    if name == "torch" and torch_is_missing:
        pytest.skip("torch is not installed")
    assert len(check_trainer(name, **NEEDS.get(name, {}))) == 7


@pytest.mark.parametrize("name", ["sgd.py:Sgd", "torch_net.py:TorchNet"])
def test_the_examples_of_own_trainers_pass(name):
    if name.startswith("torch") and torch_is_missing:
        pytest.skip("torch is not installed")
    assert check_trainer(f"{EXAMPLES}/{name}")
    assert check_trainer(f"{EXAMPLES}/{name}", classes=2)


def test_a_plain_trainer_passes_for_classes_and_for_regression():
    assert check_trainer(Quadratic)
    assert check_trainer(Quadratic, classes=0)


@dataclass
class GlobalDraws(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        yield {**metrics(self.x, 1), "val_loss": np.random.random() + random.random()}
        return Means.fit(X, y, classes)


@dataclass
class Whitens(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        X = X if X.flags.writeable else np.array(X)
        X -= X.mean(axis=0)
        yield metrics(self.x, 1)
        return Means.fit(X, y, classes)


@dataclass
class WritesInPlace(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        X *= 2
        yield metrics(self.x, 1)
        return Means.fit(X, y, classes)


@dataclass
class Clings(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in (1, 2):
            try:
                yield metrics(self.x, epoch)
            except GeneratorExit:
                yield metrics(self.x, epoch)
        return Means.fit(X, y, classes)


@dataclass
class Forgets(Quadratic):
    @staticmethod
    def restore(config, arrays):
        return Means(arrays["means"][::-1])


@dataclass
class WrongEpoch(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)
        return Means.fit(X, y, classes, epoch=9)


@pytest.mark.parametrize(
    ("factory", "settings", "said"),
    [
        (GlobalDraws, {}, "respects its seed: the same seed must give the same val_loss, got"),
        (Whitens, {}, "leaves its arrays as they are: the arrays must stay as they are, X changed"),
        (WritesInPlace, {}, "read-only (arrays are read-only in a worker)"),
        (Clings, {}, "closes cleanly when stopped early: closing it after one epoch must do nothing else, got"),
        (Forgets, {}, "saves and loads with equal predictions: predict must be the same after restore, got"),
        (WrongEpoch, {}, "model.epoch must lie between 1 and 1, got 9"),
        (sample_trainers.Diverging, {}, "val_loss must be a finite number, got nan at epoch 3"),
        (sample_trainers.Silent, {}, "train must yield at least one epoch, got none"),
        (sample_trainers.NoModel, {}, "train must return a model with a method state(), got None"),
        (sample_trainers.NotAGenerator, {}, "train must be a generator that yields metrics, got list"),
        (sample_trainers.Anything, {}, "rejects unknown settings: an unknown setting must raise"),
        (sample_trainers.Yields, {"what": "text"}, "each epoch must yield a mapping of metrics, got 'val_accuracy"),
        (sample_trainers.Yields, {"what": "word"}, "each metric must be a number, got"),
        (sample_trainers.Yields, {"what": "fewer"}, "the same metrics, train_loss, val_loss changed at epoch 2"),
    ],
)
def test_what_breaks_the_protocol_is_named(factory, settings, said):
    with pytest.raises(AssertionError, match=r"breaks \d of 7 rules") as caught:
        check_trainer(factory, settings=settings)
    assert said in str(caught.value)


def test_the_global_generators_are_left_as_they_were():
    before = np.random.get_state()[1].copy(), random.getstate()
    check_trainer(Quadratic)
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]
