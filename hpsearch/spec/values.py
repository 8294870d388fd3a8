"""How a value of a parameter, a choice or a label is written as text and read back: the one place for both.

Four forms, each with one use. `text` is what people and MLflow see (a word as it is, anything else as JSON),
`value` reads it back; `key` is equal for equal values, whatever order their keys stand in; `encoded` and `decoded`
are a study's, which holds plain values and lists or mappings as JSON. Read by `figures`, `study`, `sweep`, `results`
and `report`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpsearch.spec.space import Choices, Range


def text(value: Any) -> str:
    """Write a value: a word as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Write every parameter as `text` does; so MLflow keeps them."""
    return {name: text(value) for name, value in params.items()}


def value(written: str, parameter: Range | Choices | None = None) -> Any:
    """Read what `text` wrote: the choice of `parameter` that is written so, else JSON, else a word."""
    for choice in getattr(parameter, "choices", ()):
        if text(choice) == written:
            return choice
    try:
        return json.loads(written)
    except ValueError:
        return written


def words(space: Mapping[str, Range | Choices]) -> list[str]:
    """Name the parameters whose choices are words only; one such as ``"1"`` would read back as a number."""
    choices = {name: getattr(parameter, "choices", ()) for name, parameter in space.items()}
    return [name for name, listed in choices.items() if listed and all(isinstance(one, str) for one in listed)]


def key(value: Any) -> str:
    """Return what is equal for equal values and different for 1, 1.0, true and "1"."""
    try:
        return json.dumps(value, sort_keys=True)
    except TypeError:  # of no JSON type, so it equals no choice
        return repr(value)


def encoded(choice: Any) -> Any:
    """Return a choice as a study may store it: lists and mappings as JSON."""
    return key(choice) if isinstance(choice, list | tuple | dict) else choice


def decoded(stored: Any, parameter: Range | Choices) -> Any:
    """Return the choice of the spec that a study's value stands for; numbers of a range stay as they are."""
    choices = getattr(parameter, "choices", None)
    if choices is None:
        return stored
    return next(choice for choice in choices if type(encoded(choice)) is type(stored) and encoded(choice) == stored)
