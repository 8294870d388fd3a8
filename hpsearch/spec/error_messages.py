"""Words a validation error as one sentence: where, the rule, the value, the choices.

Used by `load` alone. pydantic says what is wrong of which value; the line comes from `yaml_source`, the nearest
valid key from the models' own fields.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from hpsearch.errors import nearest
from hpsearch.spec.model import DataSpec, SweepSpec
from hpsearch.spec.search import SearchSpec
from hpsearch.spec.space import Choices, Range
from hpsearch.spec.yaml_source import OVERRIDDEN, Document

_TAGS = {"range", "choices"}  # pydantic puts a union's tag into the path; a reader has not written it


def error_message(error: ValidationError, document: Document, source: str) -> str:
    """Return the first thing that is wrong, in the order of `SweepSpec`'s fields; misspelt before missing."""
    details = error.errors(include_url=False)
    unknown = (d for d in details if d["type"] == "extra_forbidden")
    detail = next(unknown, details[0]) if details[0]["type"] == "missing" else details[0]
    location = _written(tuple(detail["loc"]), document)
    line = document.line(location)
    where = f"{source}:{line}: " if line and source else "--set: " if line == OVERRIDDEN else ""
    name = ".".join(str(part) for part in location)
    return where + _sentence(name, detail)


def _written(location: tuple[int | str, ...], document: Document) -> tuple[int | str, ...]:
    """Drop the union tags that pydantic inserted."""
    kept = []
    for position, part in enumerate(location):
        inserted = part in _TAGS and position == 2 and location[0] == "space"
        if not inserted:
            kept.append(part)
    return tuple(kept)


def _sentence(name: str, detail: Any) -> str:
    kind, value = detail["type"], detail.get("input")
    before = f"{name}: " if name else ""
    if kind == "extra_forbidden":
        return _unknown_key(name)
    if kind == "missing":
        return f"{before}is required"
    if kind == "value_error":
        return before + str(detail["ctx"]["error"])
    if kind == "literal_error":
        guess = nearest(str(value), re.findall(r"'([^']*)'", detail["ctx"]["expected"]))
        return f"{before}must be {detail['ctx']['expected']}, got {value!r}{guess}"
    rule = _RULES.get(kind) or detail["msg"].removeprefix("Input should ").removeprefix("Value should ")
    rule = rule[:1].lower() + rule[1:]
    rule = rule if rule.startswith(("must", "be ", "have ")) else f"must be valid: {rule}"
    rule = rule if rule.startswith("must") else f"must {rule}"
    return f"{before}{rule}, got {_short(value)}"


_RULES = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "string_type": "must be text",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _unknown_key(name: str) -> str:
    parent, _, key = name.rpartition(".")
    choices = _keys(parent)
    before = f"{parent}: " if parent else ""
    return f"{before}unknown key {key!r}{nearest(key, choices)}; choose from: {', '.join(choices)}"


def _keys(parent: str) -> list[str]:
    models: dict[str, type[BaseModel]] = {"": SweepSpec, "data": DataSpec, "search": SearchSpec}
    if parent in models:
        return list(models[parent].model_fields)
    return [*Range.model_fields, *Choices.model_fields]
