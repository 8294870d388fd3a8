"""From a `DataSpec` to rows that a trainer can use, with the test rows held back.

`prepare` gives a sweep its training and validation rows and never the test rows; `held_out` gives those, untransformed,
to the one step that scores the winner. Both read and split anew, and both get the same split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.dataset import Dataset, Rows, Task, dataset_from
from hpsearch.data.labels import Label
from hpsearch.data.readers import read
from hpsearch.data.registry import load_builtin
from hpsearch.data.split import PARTS, Split, split_rows
from hpsearch.data.transform import Transform, fit
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec

_EXAMPLE_ROWS = 5


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a sweep works on; holds no test rows.

    Attributes
    ----------
    train, validation : transformed rows
    example : (5 or fewer, features) raw training rows, to show what a model is asked with
    transform : fitted on the training rows
    classes : labels in the order of their codes; empty for regression
    features : names of the raw columns
    image_shape : (height, width) where a row is an image, else None
    task : classification or regression
    fingerprint : sha256 of the raw rows and of the split, 64 hexadecimal digits
    summary : number of rows of each part, also of the test part
    """

    train: Rows
    validation: Rows
    example: NDArray[np.float64]
    transform: Transform
    classes: tuple[Label, ...]
    features: tuple[str, ...]
    image_shape: tuple[int, int] | None
    task: Task
    fingerprint: str
    summary: Mapping[str, int]


def load(spec: DataSpec, folder: Path) -> Dataset:
    """Read and check all rows that `spec` names; paths in it are relative to `folder`.

    Raises
    ------
    DataError
        The data are not there, are damaged, or cannot be learned from.
    """
    raw = load_builtin(spec.dataset, spec.options) if spec.dataset is not None else read(spec, folder)
    return dataset_from(raw, spec.task)


def prepare(spec: DataSpec, folder: Path) -> Prepared:
    """Read, check, split and transform; return training and validation rows.

    Raises
    ------
    DataError
        The data are not there, are damaged, or cannot be split or transformed.
    """
    data, split = _load_and_split(spec, folder)
    train, validation = data.rows(split.train), data.rows(split.validation)
    # Whitening turns pixels into mixtures of all pixels: a convolution, and an eye, would find no image any more.
    transform = fit(spec.transform or ("whiten" if data.image_shape is None else "standardize"), train.X)
    return Prepared(
        train=Rows(transform.apply(train.X), train.y),
        validation=Rows(transform.apply(validation.X), validation.y),
        example=train.X[:_EXAMPLE_ROWS],
        transform=transform,
        classes=data.classes,
        features=data.features,
        image_shape=data.image_shape,
        task=data.task,
        fingerprint=_fingerprint(data, split),
        summary={part: len(getattr(split, part)) for part in PARTS},
    )


def held_out(spec: DataSpec, folder: Path, fingerprint: str) -> Rows:
    """Return the test rows with raw, untransformed features; to be scored once, at the end.

    Parameters
    ----------
    fingerprint : of the rows that `prepare` gave; of others, some of the test rows might have been trained on

    Raises
    ------
    DataError
        As `prepare`, and where the rows have changed since.
    """
    data, split = _again(spec, folder, fingerprint)
    return data.rows(split.test)


def train_and_validation(spec: DataSpec, folder: Path, fingerprint: str) -> tuple[Rows, Rows]:
    """Return training and validation rows with raw, untransformed features; parameters and errors as `held_out`."""
    data, split = _again(spec, folder, fingerprint)
    return data.rows(split.train), data.rows(split.validation)


def _again(spec: DataSpec, folder: Path, fingerprint: str) -> tuple[Dataset, Split]:
    data, split = _load_and_split(spec, folder)
    found = _fingerprint(data, split)
    if found != fingerprint:
        raise DataError(
            f"data: {spec.path or spec.dataset}: must be the rows that the sweep was begun with, got other rows "
            f"(fingerprint {found[:12]}, begun with {fingerprint[:12]}); bring them back, then resume the sweep"
        )
    return data, split


def _load_and_split(spec: DataSpec, folder: Path) -> tuple[Dataset, Split]:
    data = load(spec, folder)
    return data, split_rows(data.y, data.classes, spec.split, spec.seed)


def _fingerprint(data: Dataset, split: Split) -> str:
    digest = hashlib.sha256()
    names = {"classes": data.classes, "features": data.features, "image_shape": data.image_shape}
    digest.update(json.dumps(names).encode())
    for array in (data.X, data.y, split.train, split.validation, split.test):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{little.dtype.str}{little.shape}".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
