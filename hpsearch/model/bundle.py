"""A trained model as one value, and as a folder of two files: hpsearch.json and arrays.safetensors.

`save` writes the folder, `load` believes nothing in it before `description` has checked it. There is no pickle: the
arrays are plain, and the trainer named in the description rebuilds the model (`predictor`). Folders of the first format
(`first_format`) are still read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.labels import Label
from hpsearch.data.transform import Transform, from_state
from hpsearch.errors import ModelFolderError, StoreError, TrainerError
from hpsearch.model import description, first_format
from hpsearch.model.description import ARRAYS, LIMITS, ArraysFile
from hpsearch.model.fields import check_state
from hpsearch.model.files import digest_of, read_declared, read_file
from hpsearch.model.tensors import read_tensors, write_tensors


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
    """Write `bundle` into `folder`, which is made if need be; return its digest, the SHA-256 of hpsearch.json.

    Raises
    ------
    TrainerError
        The model's state holds something that is neither JSON-able nor a plain array.
    StoreError
        The folder cannot be written.
    """
    check_state(bundle.trainer, bundle.config, bundle.arrays)
    transform, transform_arrays = bundle.transform.state()
    arrays = {f"model/{name}": np.asarray(array) for name, array in bundle.arrays.items()}
    arrays |= {f"transform/{name}": array for name, array in transform_arrays.items()}
    content, declared = write_tensors(arrays)
    arrays_file = ArraysFile(len(content), digest_of(content), declared)
    text = description.compose(_fields(bundle, transform), arrays_file, bundle.trainer)
    files = {ARRAYS: content, description.NAME: text}
    _check_sizes(bundle.trainer, files)
    _write(folder, files)
    return digest_of(text)


def load(folder: Path, digest: str | None = None) -> Bundle:
    """Read a model folder, checking every size and digest before an array is read; nothing stored is executed.

    Parameters
    ----------
    folder : that `save` wrote, today or in the first format
    digest : what `save` returned, if it was recorded in another place; then an altered description is found out, too

    Raises
    ------
    ModelFolderError
        The folder is incomplete, damaged, was altered, or has a format that is not understood.
    """
    folder = Path(folder)
    name, content = _head(folder)
    if digest is not None and digest_of(content) != digest:
        there = digest_of(content)
        raise ModelFolderError(
            f"{folder / name}: sha256 must be {digest} as recorded, got {there}; the model was altered"
        )
    fields, arrays = first_format.read(folder, content) if name == first_format.NAME else _read(folder, content)
    try:
        transform = from_state(fields["transform"], _under("transform/", arrays))
    except ValueError as error:
        raise ModelFolderError(f"{folder}: {error}") from error
    return _bundle(fields, _under("model/", arrays), transform, folder)


def stored_digest(folder: Path) -> str:
    """Return the digest of what lies in `folder`: what `save` returned when it wrote it.

    Raises
    ------
    ModelFolderError
        There is no model in it.
    """
    return digest_of(_head(Path(folder))[1])


def copy_checked(folder: Path, target: Path) -> None:
    """Copy the files that `load` checks from one folder into another, and no others.

    Raises
    ------
    ModelFolderError
        A file is missing or too large.
    StoreError
        The other folder cannot be written.
    """
    limits = first_format.LIMITS if _head(folder)[0] == first_format.NAME else LIMITS
    _write(target, {name: read_file(folder, name, limit) for name, limit in limits.items()})


def _head(folder: Path) -> tuple[str, bytes]:
    """Return the name and the content of the file that is read first, and whose SHA-256 is the digest."""
    if not os.path.lexists(folder / description.NAME) and os.path.lexists(folder / first_format.NAME):
        return first_format.NAME, read_file(folder, first_format.NAME, first_format.LIMITS[first_format.NAME])
    return description.NAME, read_file(folder, description.NAME, LIMITS[description.NAME])


def _read(folder: Path, content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    fields, arrays = description.parse(content, str(folder / description.NAME))
    stored = read_declared(folder, ARRAYS, LIMITS[ARRAYS], arrays.size, arrays.sha256)
    try:
        return fields, read_tensors(stored, arrays.arrays)
    except ValueError as error:
        raise ModelFolderError(f"{folder / ARRAYS}: {error}") from error


def _bundle(fields: Mapping[str, Any], arrays: dict[str, NDArray[Any]], transform: Transform, folder: Path) -> Bundle:
    features = tuple(fields["features"])
    if transform.state()[0]["features"] != len(features):
        expected = transform.state()[0]["features"]
        raise ModelFolderError(f"{folder}: features must be {expected} names, got {len(features)}")
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


def _check_sizes(trainer: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        if len(content) > LIMITS[name]:
            most = f"at most {LIMITS[name]:,} bytes"
            raise TrainerError(f"trainer {trainer!r}: {name} of a model must have {most}, got {len(content):,}")


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` in their order; what of another format lies there goes first, so that it is not taken for this."""
    others = ({description.NAME, ARRAYS} | first_format.LIMITS.keys()) - files.keys()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(others):
            (folder / name).unlink(missing_ok=True)
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
