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

from hpsearch.data.catalogue import load_builtin
from hpsearch.data.dataset import Dataset, Rows, Task, dataset_from
from hpsearch.data.labels import Label
from hpsearch.data.readers import read
from hpsearch.data.split import PARTS, Split, split_rows
from hpsearch.data.transform import Transform, fit
from hpsearch.spec.model import DataSpec


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a sweep works on; holds no test rows.

    Attributes
    ----------
    train, validation : transformed rows
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
    transform = fit(spec.transform, train.X)
    return Prepared(
        train=Rows(transform.apply(train.X), train.y),
        validation=Rows(transform.apply(validation.X), validation.y),
        transform=transform,
        classes=data.classes,
        features=data.features,
        image_shape=data.image_shape,
        task=data.task,
        fingerprint=_fingerprint(data, split),
        summary={part: len(getattr(split, part)) for part in PARTS},
    )


def held_out(spec: DataSpec, folder: Path) -> Rows:
    """Return the test rows with raw, untransformed features; to be scored once, at the end.

    Raises
    ------
    DataError
        As `prepare`.
    """
    data, split = _load_and_split(spec, folder)
    return data.rows(split.test)


def train_and_validation(spec: DataSpec, folder: Path) -> tuple[Rows, Rows]:
    """Return training and validation rows with raw, untransformed features, to fit something else on them.

    Raises
    ------
    DataError
        As `prepare`.
    """
    data, split = _load_and_split(spec, folder)
    return data.rows(split.train), data.rows(split.validation)


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
