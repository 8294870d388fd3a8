"""Fetches models from MLflow and checks them against the digest that stands outside the artifact store.

MLflow runs what a model's ``MLmodel`` names, so that file is not handed on but written afresh around what was checked.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hpsearch.config.credentials import Credentials
from hpsearch.errors import ModelFolderError, StoreError, UnknownSweep
from hpsearch.model.bundle import copy_checked, load
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.results.lookup import SweepView
from hpsearch.tracking import open_store
from hpsearch.tracking.interface import ModelFiles, TrackingStore
from hpsearch.training.trusted import trusted


def download_winner(store: TrackingStore, view: SweepView, target: Path) -> Path:
    """Download the registered model of a sweep into the folder `target` and check it.

    Raises
    ------
    UnknownSweep
        If no model was registered yet.
    StoreError
        If `target` is not empty or cannot be written.
    ModelFolderError
        If what was downloaded is not what was registered; `target` is left alone then.
    """
    if view.model is None or view.digest is None:
        raise UnknownSweep(f"{view.name}: has no registered model yet; finish it: hpsearch resume {view.name}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(f"--download {target}: must be a new or an empty folder")
    with tempfile.TemporaryDirectory() as place:
        download, checked, whole = (Path(place, name) for name in ("download", "model", "whole"))
        download.mkdir()
        folder = find(store.download_model(view.model, download)[0])
        bundle = load(folder, view.digest)
        copy_checked(folder, checked)
        store.wrap(ModelFiles(checked, bundle.features, bundle.label_type), whole, view.run_id)
        try:
            shutil.copytree(whole, target, dirs_exist_ok=True)
        except OSError as error:
            raise StoreError(f"--download {target}: cannot be written: {error.strerror or error}") from None
    return target


def open_model(
    address: str, tracking_uri: str, trainer: str | None = None, credentials: Credentials | None = None
) -> Predictor:
    """Open a model folder, or a model at ``models:/…`` or ``runs:/…``; `trainer` names the user's own code of it.

    Raises
    ------
    ModelFolderError
        If there is no model, or it was altered.
    """
    resolve = None if trainer is None else trusted(trainer)
    if not address.startswith(("models:/", "runs:/")):
        folder = Path(address)
        if not folder.is_dir():
            raise ModelFolderError(f"{address}: must be a model folder, models:/NAME@champion or runs:/RUN/model")
        return Predictor.from_folder(find(folder), resolve=resolve)
    store = open_store(tracking_uri, credentials=credentials)
    with tempfile.TemporaryDirectory() as place:
        model, digest = store.download_model(address, Path(place))
        return Predictor.from_folder(find(model), digest, resolve)
