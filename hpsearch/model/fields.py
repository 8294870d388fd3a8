"""The rules for what a model folder says beside its arrays: trainer, config, transform, task, classes, features.

They are the same in both formats: `description` and `first_format` check what they read with them. Classes keep their
type, because JSON tells text, integers, floats and booleans apart. A trainer's own config is passed on unchecked: its
`restore` knows what belongs in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from hpsearch.errors import ModelFolderError, TrainerError
from hpsearch.training.user_code import FILE_NAME

_ARRAY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_TRAINER = re.compile(rf"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)?|{FILE_NAME.pattern}", re.ASCII)


def check_state(trainer: str, config: Any, arrays: Any) -> None:
    """Check what a model's ``state()`` returned before it is stored.

    Raises
    ------
    TrainerError
        It is not two mappings, or an array has no plain name or holds no numbers.
    """
    who = f"trainer {trainer!r}"
    if not isinstance(config, Mapping) or not isinstance(arrays, Mapping):
        kinds = f"{type(config).__name__} and {type(arrays).__name__}"
        raise TrainerError(f"{who}: state() must return two mappings, config and arrays, got {kinds}")
    for name, array in arrays.items():
        if not isinstance(name, str) or not _ARRAY_NAME.fullmatch(name):
            raise TrainerError(f"{who}: array names must be letters, digits, '_', '.', '-', got {name!r}")
        if np.asarray(array).dtype.kind not in "biufc":
            raise TrainerError(f"{who}: array {name!r} must hold numbers, got {np.asarray(array).dtype}")


def check_fields(fields: Mapping[str, Any], where: str) -> None:
    """Check every field.

    Raises
    ------
    ModelFolderError
        A field is missing or of another type; the message names it, the rule and the value.
    """
    for name, (rule, holds) in _RULES.items():
        if not holds(fields.get(name)):
            raise ModelFolderError(f"{where}: {name} must be {rule}, got {str(fields.get(name))[:100]!r}")
    if (fields["task"] == "classification") != bool(fields["classes"]):
        raise ModelFolderError(f"{where}: classes must be given for classification alone, got task {fields['task']!r}")


def _is_trainer(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200 and _TRAINER.fullmatch(value) is not None


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(name, str) for name in value)


def _is_classes(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    kinds = {type(label) for label in value}
    return value == [] or (len(kinds) == 1 and kinds <= {str, int, float, bool} and len(set(value)) == len(value) > 1)


def _is_image(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(type(n) is int and n > 0 for n in value)
    )


_RULES = {
    "trainer": ("a name or package.module:Name or FILE.py:Name", _is_trainer),
    "config": ("a mapping", lambda value: isinstance(value, dict)),
    "transform": ("a mapping", lambda value: isinstance(value, dict)),
    "task": ("classification or regression", lambda value: value in ("classification", "regression")),
    "classes": ("two or more different labels of one type, or none", _is_classes),
    "features": ("a list of names", _is_names),
    "image_shape": ("null or two sizes", _is_image),
}
