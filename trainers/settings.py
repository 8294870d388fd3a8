"""Checks of settings, worded alike: the setting's name, the rule, the value, the choices.

Trainers call these in ``__post_init__``; layers, schedules and the like call them with their own names.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import field
from numbers import Integral, Real
from typing import Any


def setting(default: Any, text: str) -> Any:
    """Return a dataclass field with a default and a line of help."""
    return field(default=default, metadata={"help": text})


def is_whole(value: object, least: int = 1) -> bool:
    """Tell whether `value` is a whole number of at least `least` (a bool is not)."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_whole(name: str, value: object, least: int = 1) -> None:
    """Refuse anything but a whole number of at least `least`.

    Raises
    ------
    ValueError
        Naming the setting, the rule and the value.
    """
    if not is_whole(value, least):
        raise ValueError(f"{name}: must be a whole number of at least {least}, got {value!r}")


def check_number(name: str, value: object, accept: Callable[[float], bool], rule: str) -> None:
    """Refuse anything but a finite number that `accept` takes; `rule` says in words which those are.

    Raises
    ------
    ValueError
        Naming the setting, the rule and the value.
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not (number and math.isfinite(float(value)) and accept(float(value))):  # type: ignore[arg-type]
        raise ValueError(f"{name}: must be {rule}, got {value!r}")


def check_positive(name: str, value: object) -> None:
    """Refuse anything but a finite number above 0."""
    check_number(name, value, lambda number: number > 0, "a number above 0")


def check_not_negative(name: str, value: object) -> None:
    """Refuse anything but a finite number of at least 0."""
    check_number(name, value, lambda number: number >= 0, "a number of at least 0")


def check_fraction(name: str, value: object) -> None:
    """Refuse anything but a number from 0 up to, not including, 1."""
    check_number(name, value, lambda number: 0 <= number < 1, "a number from 0 up to, not including, 1")


def check_flag(name: str, value: object) -> None:
    """Refuse anything but true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name}: must be true or false, got {value!r}")


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Refuse a name that is not among `choices`, with a guess at the one that was meant.

    Raises
    ------
    ValueError
        Naming the setting, the value and the choices.
    """
    known = sorted(choices)
    if isinstance(value, str) and value in known:
        return
    close = difflib.get_close_matches(value, known, n=1) if isinstance(value, str) else []
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    raise ValueError(f"{name}: must be one of {', '.join(known)}, got {value!r}{guess}")


def check_sizes(name: str, value: object) -> list[int]:
    """Return a list of layer sizes, which may be empty.

    Raises
    ------
    ValueError
        If it is no list, or a size is not a whole number above 0.
    """
    if not isinstance(value, list | tuple) or not all(is_whole(size) for size in value):
        raise ValueError(f"{name}: each size must be a whole number above 0, got {value!r}")
    return [int(size) for size in value]
