"""The file config.json of a model folder: what is not an array. Written and checked for `bundle`.

Classes keep their type, because JSON tells text, integers, floats and booleans apart. A trainer's own config is
passed on unchecked: its `restore` knows what belongs in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hpsearch.errors import ModelFolderError, TrainerError
from hpsearch.model.manifest import FORMATS, check_format, parse_json
from hpsearch.training.user_code import FILE_NAME

_TRAINER = re.compile(rf"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)?|{FILE_NAME.pattern}", re.ASCII)


def compose(fields: Mapping[str, Any], trainer: str) -> bytes:
    """Return the text of config.json.

    Raises
    ------
    TrainerError
        The trainer's config holds something that JSON does not know, such as an array or NaN.
    """
    try:
        text = json.dumps({"format": FORMATS[-1], **fields}, indent=2, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TrainerError(
            f"trainer {trainer!r}: the config of a model's state must be JSON-able, got: {error}"
        ) from error
    return (text + "\n").encode()


def parse(content: bytes, where: str) -> dict[str, Any]:
    """Check the text of config.json and return its fields.

    Raises
    ------
    ModelFolderError
        A field is missing or of another type; the message names it, the rule and the value.
    """
    fields = parse_json(content, where)
    check_format(fields, where)
    for name, (rule, holds) in _RULES.items():
        if not holds(fields.get(name)):
            raise ModelFolderError(f"{where}: {name} must be {rule}, got {str(fields.get(name))[:100]!r}")
    if (fields["task"] == "classification") != bool(fields["classes"]):
        raise ModelFolderError(f"{where}: classes must be given for classification alone, got task {fields['task']!r}")
    return fields


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
