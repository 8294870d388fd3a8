"""One parameter's or metric's scale for pictures that combine several: where a value stands, and what the ticks say.

Shared by `contour` and `parallel_coordinates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style
from hpsearch.figures.curves import series
from hpsearch.spec.space import Choices, Parameter, Range

if TYPE_CHECKING:
    import pandas as pd

_LABEL = 14  # characters of a choice beside its axis


@dataclass(frozen=True)
class Scale:
    """How a parameter is drawn: log10 where it is searched so, choices in their order from 0.

    Attributes
    ----------
    label : its name, as an axis says it
    low, high : the ends, as drawn
    ticks : places and their texts; empty where the axis may choose them
    """

    parameter: Parameter
    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def of(cls, name: str, parameter: Parameter) -> Scale:
        """Span the whole range or all choices."""
        if isinstance(parameter, Choices):
            texts = [style.plain(labels.text(choice), _LABEL) for choice in parameter.choices]
            return cls(parameter, style.plain(name), 0, max(1, len(texts) - 1), tuple(enumerate(texts)))
        ends = np.array([parameter.low, parameter.high], dtype=np.float64)
        low, high = (float(end) for end in (series.log10(ends) if parameter.log else ends))
        label = f"log10({style.plain(name)})" if parameter.log else style.plain(name)
        return cls(parameter, label, low, high)

    def places(self, cells: pd.Series[Any]) -> NDArray[np.float64]:
        """Return where each of a table's cells stands, NaN where a trial has no such parameter."""
        if isinstance(self.parameter, Range):
            numbers = np.array([_number(cell) for cell in cells], dtype=np.float64)
            return series.log10(numbers) if self.parameter.log else numbers
        codes = labels.codes(cells, self.parameter.choices)
        return np.where(codes >= 0, codes, np.nan).astype(np.float64)

    def shares(self, cells: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the places as shares of the span, from 0 to 1."""
        return (self.places(cells) - self.low) / (self.high - self.low)

    def marks(self) -> list[tuple[float, str]]:
        """Return (share, text) of a few ticks: every choice, or the ends and the middle of a range."""
        if self.ticks:
            return [((place - self.low) / (self.high - self.low), text) for place, text in self.ticks]
        logarithmic = isinstance(self.parameter, Range) and self.parameter.log
        middles = [(share, self.low + share * (self.high - self.low)) for share in (0.0, 0.5, 1.0)]
        return [(share, f"{10**place if logarithmic else place:.3g}") for share, place in middles]


def _number(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float | np.number) else float("nan")
