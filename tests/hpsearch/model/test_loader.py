"""A model saved with MLflow holds no code and no pickle, and predicts the same bits in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpsearch.data.prepare import held_out, prepare
from hpsearch.errors import DataError
from hpsearch.model import loader
from hpsearch.model.predictor import Predictor
from hpsearch.spec.model import DataSpec

IRIS = DataSpec(dataset="iris")
X = held_out(IRIS, Path(), prepare(IRIS, Path()).fingerprint).X

FRESH = """
import sys
import softmax_trainer  # a trainer of one's own is not imported because a model names it
import mlflow, numpy as np, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = pd.read_parquet(sys.argv[2])
labels, probabilities = model.predict(frame), model.predict(frame, params={"proba": True})
print(",".join(labels), list(probabilities.columns), probabilities.to_numpy().tobytes().hex())
"""


@pytest.fixture
def frame(bundle) -> pd.DataFrame:
    return pd.DataFrame(X, columns=list(bundle.features))


@pytest.fixture
def saved(folder, bundle, frame, tmp_path, trainers) -> Path:
    mlflow = pytest.importorskip("mlflow")
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    signature = ModelSignature(
        inputs=Schema([ColSpec(AnyType(), name) for name in bundle.features]),
        outputs=Schema([ColSpec("string")]),
        params=ParamSchema([ParamSpec("proba", "boolean", default=False)]),
    )
    mlflow.pyfunc.save_model(
        path=str(tmp_path / "saved"),
        loader_module="hpsearch.model.loader",
        data_path=str(folder),
        signature=signature,
        input_example=frame.head(3),
        pip_requirements=["hpsearch"],
    )
    return tmp_path / "saved"


def test_what_mlflow_saves_holds_neither_code_nor_pickle(saved):
    files = {str(path.relative_to(saved)) for path in saved.rglob("*") if path.is_file()}
    assert {f"data/model/{name}" for name in ("hpsearch.json", "arrays.safetensors")} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".py", ".joblib"))]
    assert all(b"cloudpickle" not in (saved / name).read_bytes() for name in files)


def test_a_fresh_process_predicts_the_same_bits(saved, bundle, resolve, frame, tmp_path):
    predictor = Predictor.from_bundle(bundle, resolve)
    frame.to_parquet(tmp_path / "rows.parquet")
    paths = [str(Path(loader.__file__).parents[2]), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(saved), str(tmp_path / "rows.parquet")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    labels = ",".join(predictor.predict(frame))
    expected = f"{labels} {list(bundle.classes)} {predictor.predict_proba(frame).tobytes().hex()}"
    assert fresh.stdout.strip() == expected, fresh.stderr


def test_mlflow_passes_integers_other_orders_and_more_columns(saved, frame):
    import mlflow

    model = mlflow.pyfunc.load_model(str(saved), suppress_warnings=True)
    whole = frame.round().astype("int64")
    expected = model.predict(whole.astype(float)).tolist()
    assert model.predict(whole).tolist() == expected
    assert model.predict(whole[whole.columns[::-1]].assign(comment="text")).tolist() == expected
    assert isinstance(model.get_raw_model(), Predictor)


@pytest.fixture
def pyfunc(bundle, resolve) -> loader.PyfuncModel:
    return loader.PyfuncModel(Predictor.from_bundle(bundle, resolve))


def test_labels_are_an_array_and_probabilities_a_frame_with_a_column_a_class(pyfunc, frame):
    shifted = frame.set_index(frame.index + 100)
    probabilities = pyfunc.predict(shifted, params={"proba": True})
    assert list(probabilities.columns) == ["setosa", "versicolor", "virginica"]
    assert probabilities.index.equals(shifted.index)
    assert pyfunc.predict(X).tolist() == probabilities.idxmax(axis=1).tolist()
    assert np.array_equal(pyfunc.predict(X, {"proba": False}), pyfunc.predict(frame))


def test_an_unknown_parameter_is_refused(pyfunc):
    with pytest.raises(DataError, match="the only parameter is 'proba', got 'probability'"):
        pyfunc.predict(X, {"probability": True})
