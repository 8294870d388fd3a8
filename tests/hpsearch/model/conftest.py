"""Models of a trainer that needs no training, from the iris data and from a regression, stored in both formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import prepare
from hpsearch.model.bundle import Bundle, save
from hpsearch.model.files import digest_of
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


def write_first_format(bundle: Bundle, folder: Path) -> None:
    """Store a model as it was stored first: a manifest beside config.json and arrays.npz."""
    folder.mkdir(parents=True)
    transform, transform_arrays = bundle.transform.state()
    arrays = {f"model/{name}": array for name, array in bundle.arrays.items()}
    arrays |= {f"transform/{name}": array for name, array in transform_arrays.items()}
    config = {
        "format": 1,
        "hpsearch": "0.1.0",
        "trainer": bundle.trainer,
        "config": bundle.config,
        "transform": transform,
        "task": bundle.task,
        "classes": list(bundle.classes),
        "features": list(bundle.features),
        "image_shape": bundle.image_shape,
    }
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "config.json").write_text(json.dumps(config))
    contents = {name: (folder / name).read_bytes() for name in ("config.json", "arrays.npz")}
    manifest = {
        "format": 1,
        "files": {name: {"size": len(c), "sha256": digest_of(c)} for name, c in contents.items()},
        "arrays": {name: {"dtype": a.dtype.str, "shape": list(a.shape)} for name, a in arrays.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def first_folder(bundle, tmp_path) -> Path:
    write_first_format(bundle, tmp_path / "first")
    return tmp_path / "first"
