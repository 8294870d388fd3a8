"""What is downloaded was checked file by file: whatever else the artifact store holds does not reach the user."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import yaml
from sample_specs import loaded

from hpsearch.data.prepare import prepare
from hpsearch.errors import ModelFolderError
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.results.download import download_winner
from hpsearch.results.lookup import Lookup
from hpsearch.sweep.session import Session

pytestmark = pytest.mark.usefixtures("no_pictures")

WRAPPER = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"}
OURS = {f"data/model/{name}" for name in ("hpsearch.json", "arrays.safetensors")}
EVIL = "open({!r}, 'w').close()\ndef _load_pyfunc(path): return None\n"


@pytest.fixture
def spec():
    return loaded(
        trainer="logistic", space={"learning_rate": {"low": 0.01, "high": 0.1}}, settings=None, search__trials=1
    )


@pytest.fixture
def lookup(addresses, spec):
    Session(addresses, in_process=True).run(spec)
    return Lookup(addresses)


@pytest.fixture
def stored(lookup, addresses):
    """The model's folder in the artifact store."""
    return next((addresses.home / "artifacts").rglob("MLmodel")).parent


def downloaded(lookup, target):
    return download_winner(lookup.store, lookup.sweep("tiny"), target)


def predictions(folder, spec):
    """Return what MLflow predicts for the training rows, and what we do."""
    import mlflow
    import pandas as pd

    data = prepare(spec.spec.data, spec.folder)
    X = np.random.default_rng(0).normal(size=(20, len(data.features)))
    model = mlflow.pyfunc.load_model(str(folder))
    ours = Predictor.from_folder(find(folder))
    return model.predict(pd.DataFrame(X, columns=list(data.features))).tolist(), ours.predict(X).tolist()


def test_a_download_is_our_folder_in_an_mlflow_model_of_the_sweeps_run(lookup, spec, tmp_path):
    folder = downloaded(lookup, tmp_path / "model")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == WRAPPER | OURS
    theirs, ours = predictions(folder, spec)
    assert theirs == ours and set(ours) <= {"setosa", "versicolor", "virginica"}
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert described["run_id"] == lookup.sweep("tiny").run_id
    assert "string" in described["signature"]["outputs"] and "proba" in described["signature"]["params"]


def test_code_that_was_put_into_the_artifact_store_is_not_handed_on(lookup, stored, spec, tmp_path):
    described = yaml.safe_load((stored / "MLmodel").read_text())
    described["flavors"]["python_function"] |= {"loader_module": "evil", "code": "code"}
    (stored / "MLmodel").write_text(yaml.safe_dump(described))
    for name in ("code/evil.py", "evil.py", f"{find(stored).relative_to(stored)}/evil.py"):
        (stored / name).parent.mkdir(exist_ok=True)
        (stored / name).write_text(EVIL.format(str(tmp_path / "ran")))
    (stored / "requirements.txt").write_text("evil\n")
    folder = downloaded(lookup, tmp_path / "model")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == WRAPPER | OURS
    theirs, ours = predictions(folder, spec)
    assert theirs == ours and not (tmp_path / "ran").exists() and "evil" not in sys.modules
    assert not [path for path in folder.rglob("*") if path.is_file() and b"evil" in path.read_bytes()]


def test_an_altered_model_leaves_the_target_alone(lookup, stored, tmp_path):
    config = find(stored) / "hpsearch.json"
    config.write_text(config.read_text().replace("setosa", "versicolour"))
    with pytest.raises(ModelFolderError, match=r"hpsearch\.json: s"):
        downloaded(lookup, tmp_path / "model")
    assert not (tmp_path / "model").exists()
