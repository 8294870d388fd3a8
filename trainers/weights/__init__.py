"""Initial weights by name, as a setting writes them: ``he``, ``half_he``, ``normal(0.01)``, ``uniform(-1, 1)``.

A new initializer is a class in a file here and one entry.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from trainers.weights.fixed import Normal, Uniform
from trainers.weights.initializer import Initializer
from trainers.weights.scaled import HalfHe, He, InverseSqrt, Xavier

INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "he": He,
    "half_he": HalfHe,
    "inverse_sqrt": InverseSqrt,
    "xavier": Xavier,
    "normal": Normal,
    "uniform": Uniform,
}
_NUMBERS = {"normal": ("std",), "uniform": ("low", "high")}
_PATTERN = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*")

__all__ = ["INITIALIZERS", "HalfHe", "He", "Initializer", "InverseSqrt", "Normal", "Uniform", "Xavier", "parse"]


def parse(text: object) -> Initializer:
    """Return the initializer that a setting names.

    Raises
    ------
    ValueError
        If there is no such initializer, or its numbers are missing or wrong.
    """
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] not in INITIALIZERS:
        raise ValueError(f"weights: must be one of {_choices()}, got {text!r}")
    numbers = _numbers(match[2] or "", text)
    if len(numbers) != len(_NUMBERS.get(match[1], ())):
        raise ValueError(f"weights: must be written as one of {_choices()}, got {text!r}")
    return INITIALIZERS[match[1]](*numbers)


def _numbers(brackets: str, text: object) -> list[float]:
    try:
        numbers = [float(part) for part in brackets.split(",")] if brackets.strip() else []
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"weights: what stands in brackets must be numbers, got {text!r}")
    return numbers


def _choices() -> str:
    return ", ".join(f"{name}({', '.join(_NUMBERS[name])})" if name in _NUMBERS else name for name in INITIALIZERS)
