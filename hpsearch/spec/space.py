"""What is searched: one numeric range or one set of choices a parameter.

Read by `study`, which turns each into a distribution of the sampler, and by `sweep`, which checks the names against
the trainer's settings. Knows no engine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from hpsearch.errors import SpecError
from hpsearch.spec.values import encoded, key

Number = int | float
LARGEST_INTEGER = 2**53
LARGEST_GRID = 1_000_000  # points of one parameter
LONGEST_VALUE = 6000  # MLflow cuts a parameter's text off behind this many characters


class Range(BaseModel):
    """Numbers from `low` to `high`, both included; whole numbers where both bounds are whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: Number = Field(description="smallest value")
    high: Number = Field(description="largest value")
    log: bool = Field(default=False, description="sample the logarithm evenly")
    step: Number | None = Field(default=None, description="distance between neighbouring values")
    type: Literal["integer", "float"] | None = Field(default=None, description="overrides what the bounds imply")
    when: dict[str, Any] | None = Field(
        default=None, min_length=1, description="exists only where other parameters have these values"
    )

    @field_validator("low", "high", "step", mode="before")
    @classmethod
    def _finite_number(cls, value: Any) -> Any:
        if value is None:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"must be a number, got {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"must be finite, got {value!r}")
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            raise ValueError(f"must lie within ±2**53, got {value}")
        return value

    @property
    def integer(self) -> bool:
        """Whether the values are whole numbers."""
        if self.type is not None:
            return self.type == "integer"
        return all(isinstance(v, int) for v in (self.low, self.high, 1 if self.step is None else self.step))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounds = f"low={self.low!r}, high={self.high!r}"
        if not self.low < self.high:
            raise ValueError(f"low must be below high, got {bounds}")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"high - low must be finite, got {bounds}")
        if self.log and self.low <= 0:
            raise ValueError(f"log needs low above 0, got {bounds}")
        if self.log and self.step is not None:
            raise ValueError(f"log and step exclude each other, got step={self.step!r}")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step must be above 0 and fit between the bounds, got step={self.step!r}, {bounds}")
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if self.integer and value is not None and value != int(value):
                raise ValueError(f"an integer range needs whole bounds, got {name}={value!r}")
        return self

    def contains(self, value: Any) -> bool:
        """Whether `value` is one of the range's."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        step = self.step if self.step is not None else (1 if self.integer else None)
        steps = 0.0 if step is None else (value - self.low) / step
        return abs(steps - round(steps)) < 1e-8 and (not self.integer or value == int(value))

    def rule(self) -> str:
        """Say which values there are."""
        by = f" by {self.step}" if self.step is not None else ""
        return f"{'a whole number' if self.integer else 'a number'} from {self.low} to {self.high}{by}"

    def middle(self) -> Number:
        """Return a value well inside the range; used to try a trainer's settings out before the sweep."""
        centre = math.sqrt(self.low) * math.sqrt(self.high) if self.log else (self.low + self.high) / 2
        if self.step is not None:
            centre = self.low + self.step * round((centre - self.low) / self.step)
        return round(centre) if self.integer else float(centre)

    def grid(self) -> list[Number] | None:
        """Return every value of the range, or None where it is continuous.

        Raises
        ------
        SpecError
            If there are too many.
        """
        step = self.step if self.step is not None else (1 if self.integer else None)
        if step is None:
            return None
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        if count > LARGEST_GRID:
            raise SpecError(f"a grid may have {LARGEST_GRID} points a parameter at most, got {count}; give a step")
        return [min(self.low + i * step, self.high) for i in range(count)]  # 3 * 0.1 is above 0.3


class Choices(BaseModel):
    """One of a list of values; a value may be a list or mapping of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[Any, ...] = Field(min_length=1, description="the values to choose from")
    when: dict[str, Any] | None = Field(
        default=None, min_length=1, description="exists only where other parameters have these values"
    )

    @field_validator("choices", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list, got {value!r}")
        return value

    @field_validator("choices")
    @classmethod
    def _distinct_and_short(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        seen = set()
        for place, choice in enumerate(value):
            try:
                text = json.dumps(choice, sort_keys=True, allow_nan=False)
            except (TypeError, ValueError):
                raise ValueError(f"each must be a plain finite value or a list of them, got {choice!r}") from None
            if text in seen or choice in value[:place]:  # a study could not tell 1 from 1.0 or true
                raise ValueError(f"each may stand once, got {choice!r} twice")
            if len(text) > LONGEST_VALUE:
                raise ValueError(f"each may be {LONGEST_VALUE} characters long at most, got {len(text)}")
            seen.add(text)
        return value

    def contains(self, value: Any) -> bool:
        """Whether `value` is one of the choices."""
        return key(value) in {key(choice) for choice in self.choices}

    def rule(self) -> str:
        """Say which values there are."""
        return f"one of {', '.join(map(repr, self.choices))}"

    def middle(self) -> Any:
        """Return the first choice."""
        return self.choices[0]

    def grid(self) -> list[Any]:
        """Return the choices."""
        return list(self.choices)


def _kind(value: Any) -> str:
    if isinstance(value, Choices) or (isinstance(value, dict) and "choices" in value):
        return "choices"
    return "range"


Parameter = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("choices")],
    Discriminator(_kind),
]


def grid(space: Mapping[str, Range | Choices]) -> dict[str, list[Any]]:
    """List the values of every parameter as a study stores them.

    Raises
    ------
    SpecError
        If a range is continuous, or has too many values.
    """
    values = {}
    for name, parameter in space.items():
        try:
            listed = parameter.grid()
        except SpecError as error:
            raise SpecError(f"space.{name}: {error}") from None
        if listed is None:
            raise SpecError(f"space.{name}: the grid sampler needs a step or choices, got a continuous range")
        values[name] = [encoded(value) for value in listed]
    return values
