"""How the findings write numbers, shares and ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def power(value: float) -> str:
    """Write a positive value as a power of ten, such as 10^-0.3."""
    return f"10^{round(math.log10(value), 1) + 0.0:g}"


def number(value: Any) -> str:
    """Write a number with three figures; 1000 as it is."""
    return f"{value:.3g}" if isinstance(value, float) and not value.is_integer() else f"{value:g}"


def magnitude(value: float, log: bool) -> str:
    """Write a value of a setting: a power of ten where its logarithm was searched."""
    return power(value) if log and value > 0 else number(value)


def values_of(name: str) -> str:
    """Name the values of a setting: learning rates, values of momentum."""
    return "learning rates" if name == "learning_rate" else f"values of {name}"


def share(part: int, whole: int, things: str) -> str:
    """Write 5 of 20 trials, or all 20 trials."""
    return f"all {whole} {things}" if part == whole and whole > 1 else f"{part} of {whole} {things}"


def range_text(name: str, entries: Mapping[str, Any]) -> str:
    """Write a range as a spec takes it, such as ``learning_rate: {low: 0.01, high: 1, log: true}``."""
    texts = {key: str(value).lower() if isinstance(value, bool) else number(value) for key, value in entries.items()}
    return f"{name}: {{{', '.join(f'{key}: {value}' for key, value in texts.items())}}}"
