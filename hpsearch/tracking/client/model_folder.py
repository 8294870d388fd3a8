"""Writes a model folder of ours as an MLflow model: the MLmodel file with signature and input example around it.

The folder loads without hpsearch's help through `hpsearch.model.loader`; `models` uploads it.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import save_model
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType

from hpsearch.tracking.errors import engine_errors
from hpsearch.tracking.interface import ModelFiles

_PACKAGES = ("hpsearch", "numpy", "pandas")


def write_mlflow_model(model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
    """Write `model` to `target`, a folder that is not there yet; StoreError if it cannot be written."""
    with engine_errors(str(target)), tempfile.TemporaryDirectory() as empty:
        save_model(
            path=str(target),
            mlflow_model=Model(artifact_path="model", run_id=run_id, model_id=model_id),
            loader_module="hpsearch.model.loader",
            data_path=str(model.folder),
            signature=_signature(model),
            input_example=model.example,
            pip_requirements=[f"{package}=={version(package)}" for package in _PACKAGES],
            uv_project_path=empty,  # else MLflow copies the uv project that the current folder may be into the model
        )


def _signature(model: ModelFiles) -> ModelSignature:
    """Describe the columns; of any type, because MLflow would refuse whole numbers where it was told of fractions."""
    return ModelSignature(
        inputs=Schema([ColSpec(AnyType(), name) for name in model.features]),  # type: ignore[no-untyped-call]
        outputs=Schema([ColSpec(model.output or "double")]),
        params=None if model.output is None else ParamSchema([ParamSpec("proba", "boolean", default=False)]),  # type: ignore[arg-type]
    )
