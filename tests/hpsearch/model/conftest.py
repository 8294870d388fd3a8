"""Models of a trainer that needs no training, stored from the iris data and from a regression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import prepare
from hpsearch.model.bundle import Bundle, save
from hpsearch.spec.model import DataSpec


@pytest.fixture
def trainers(monkeypatch):
    """The module with the test's trainers, importable by its name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import softmax_trainer

    return softmax_trainer


@pytest.fixture
def resolve(trainers):
    return lambda name: getattr(trainers, name.partition(":")[2])


def bundle_of(dataset: str, trainer: str, transform: str = "whiten") -> Bundle:
    data = prepare(DataSpec(dataset=dataset, transform=transform), Path())
    weights = np.random.default_rng(1).normal(size=(len(data.features), max(len(data.classes), 1)))
    config = {"units": list(weights.shape)}
    arrays = {"weights": weights}
    return Bundle(trainer, config, arrays, data.transform, data.classes, data.features, data.image_shape)


@pytest.fixture
def bundle() -> Bundle:
    return bundle_of("iris", "softmax_trainer:Softmax")


@pytest.fixture
def regression() -> Bundle:
    return bundle_of("plane", "softmax_trainer:Linear")


@pytest.fixture
def folder(bundle, tmp_path) -> Path:
    save(bundle, tmp_path / "model")
    return tmp_path / "model"
