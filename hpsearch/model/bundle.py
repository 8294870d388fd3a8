"""A trained model as one value, and as a folder of three files: config.json, arrays.npz, manifest.json.

`save` writes the folder, `load` believes nothing in it before `manifest` has checked it. There is no pickle: the
arrays are plain, and the trainer named in the config rebuilds the model (`predictor`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.archive import read_arrays, write_arrays
from hpsearch.data.labels import Label
from hpsearch.data.transform import Transform, from_state
from hpsearch.errors import ModelFolderError, StoreError, TrainerError
from hpsearch.model import config as config_file
from hpsearch.model import manifest as manifest_file

_ARRAY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything that a prediction needs.

    Attributes
    ----------
    trainer : name that `hpsearch.training.loader.resolve` knows
    config, arrays : what the model's ``state()`` returned
    transform : fitted on the training rows
    classes : labels in the order of their codes; empty for regression
    features : names of the raw columns
    image_shape : (height, width) where a row is an image, else None
    """

    trainer: str
    config: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    transform: Transform
    classes: tuple[Label, ...]
    features: tuple[str, ...]
    image_shape: tuple[int, int] | None = None

    @property
    def task(self) -> str:
        """Return ``classification`` or ``regression``."""
        return "classification" if self.classes else "regression"

    @property
    def label_type(self) -> str | None:
        """Return the type of the labels in MLflow's words; None for regression."""
        if not self.classes:
            return None
        kinds: tuple[tuple[type, str], ...] = ((str, "string"), (bool, "boolean"), (int, "long"))
        return next((word for kind, word in kinds if isinstance(self.classes[0], kind)), "double")


def save(bundle: Bundle, folder: Path) -> str:
    """Write `bundle` into `folder`, which is made if need be; return the digest, the SHA-256 of its manifest.

    Raises
    ------
    TrainerError
        The model's state holds something that is neither JSON-able nor a plain array.
    StoreError
        The folder cannot be written.
    """
    if not isinstance(bundle.config, Mapping) or not isinstance(bundle.arrays, Mapping):
        kinds = f"{type(bundle.config).__name__} and {type(bundle.arrays).__name__}"
        raise TrainerError(
            f"trainer {bundle.trainer!r}: state() must return two mappings, config and arrays, got {kinds}"
        )
    transform, transform_arrays = bundle.transform.state()
    arrays = {f"model/{name}": np.asarray(array) for name, array in bundle.arrays.items()}
    _check_state(bundle.trainer, bundle.arrays)
    arrays |= {f"transform/{name}": array for name, array in transform_arrays.items()}
    files = {
        "config.json": config_file.compose(_fields(bundle, transform), bundle.trainer),
        "arrays.npz": write_arrays(arrays),
    }
    shapes = {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
    manifest = manifest_file.compose(files, shapes)
    files[manifest_file.NAME] = manifest
    _check_sizes(bundle.trainer, files)
    _write(folder, files)
    return manifest_file.digest_of(manifest)


def load(folder: Path, digest: str | None = None) -> Bundle:
    """Read a model folder, checking every size and digest before an array is read; nothing stored is executed.

    Parameters
    ----------
    folder : that `save` wrote
    digest : what `save` returned, if it was recorded in another place; then an altered manifest is found out, too

    Raises
    ------
    ModelFolderError
        The folder is incomplete, damaged, was altered, or has a format that is not understood.
    """
    folder = Path(folder)
    content = manifest_file.read_file(folder, manifest_file.NAME)
    where = str(folder / manifest_file.NAME)
    if digest is not None and manifest_file.digest_of(content) != digest:
        found = manifest_file.digest_of(content)
        raise ModelFolderError(f"{where}: sha256 must be {digest} as recorded, got {found}; the model was altered")
    manifest = manifest_file.parse(content, where)
    files = {name: _checked(folder, name, entry) for name, entry in manifest.files.items()}
    fields = config_file.parse(files["config.json"], str(folder / "config.json"))
    try:
        arrays = read_arrays(files["arrays.npz"], manifest_file.LIMITS["arrays.npz"], manifest.arrays)
        transform = from_state(fields["transform"], _under("transform/", arrays))
    except ValueError as error:
        raise ModelFolderError(f"{folder / 'arrays.npz'}: {error}") from error
    return _bundle(fields, _under("model/", arrays), transform, folder)


def copy_checked(folder: Path, target: Path) -> None:
    """Copy the files that `load` checks from one folder into another, and no others.

    Raises
    ------
    ModelFolderError
        A file is missing or too large.
    StoreError
        The other folder cannot be written.
    """
    names = (manifest_file.NAME, *manifest_file.FILES)
    _write(target, {name: manifest_file.read_file(folder, name) for name in names})


def _checked(folder: Path, name: str, entry: manifest_file.Entry) -> bytes:
    content = manifest_file.read_file(folder, name, entry.size)
    found = manifest_file.digest_of(content)
    if found != entry.sha256:
        raise ModelFolderError(
            f"{folder / name}: sha256 must be {entry.sha256} as in {manifest_file.NAME}, got {found}; "
            "the file is damaged or was altered"
        )
    return content


def _bundle(fields: Mapping[str, Any], arrays: dict[str, NDArray[Any]], transform: Transform, folder: Path) -> Bundle:
    features = tuple(fields["features"])
    if transform.state()[0]["features"] != len(features):
        expected = transform.state()[0]["features"]
        raise ModelFolderError(f"{folder / 'config.json'}: features must be {expected} names, got {len(features)}")
    return Bundle(
        trainer=fields["trainer"],
        config=fields["config"],
        arrays=arrays,
        transform=transform,
        classes=tuple(fields["classes"]),
        features=features,
        image_shape=tuple(fields["image_shape"]) if fields["image_shape"] else None,
    )


def _fields(bundle: Bundle, transform: dict[str, Any]) -> dict[str, Any]:
    return {
        "hpsearch": _version(),
        "trainer": bundle.trainer,
        "config": dict(bundle.config),
        "transform": transform,
        "task": bundle.task,
        "classes": list(bundle.classes),
        "features": list(bundle.features),
        "image_shape": list(bundle.image_shape) if bundle.image_shape else None,
    }


def _check_state(trainer: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        if not _ARRAY_NAME.fullmatch(name):
            raise TrainerError(f"trainer {trainer!r}: array names must be letters, digits, '_', '.', '-', got {name!r}")
        if np.asarray(array).dtype.kind not in "biufc":
            raise TrainerError(f"trainer {trainer!r}: array {name!r} must hold numbers, got {np.asarray(array).dtype}")


def _check_sizes(trainer: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        if len(content) > manifest_file.LIMITS[name]:
            most = f"at most {manifest_file.LIMITS[name]:,} bytes"
            raise TrainerError(f"trainer {trainer!r}: {name} of a model must have {most}, got {len(content):,}")


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise StoreError(f"{folder}: the model cannot be written ({error})") from error


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("hpsearch")
    except PackageNotFoundError:
        return "uninstalled"
