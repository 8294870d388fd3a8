"""The list of built-in data sets and the check of their options, for `hpsearch datasets` and `prepare`.

Names, options and defaults are read from the functions in `builtin`: to add a data set, write its function there
and a line in `DATASETS` here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hpsearch.data.builtin import bundled, gates, moons, noise, oscillating, plane, regions
from hpsearch.data.dataset import Raw
from hpsearch.errors import DataError, unknown

LARGEST = 10_000_000


@dataclass(frozen=True)
class Builtin:
    """One built-in data set: its name, the function that makes it, what it is in one line."""

    name: str
    loader: Callable[..., Raw]
    description: str

    @property
    def options(self) -> dict[str, Any]:
        """Return the options with their defaults, from the function's signature."""
        return {name: p.default for name, p in inspect.signature(self.loader).parameters.items()}

    def load(self, options: Mapping[str, Any]) -> Raw:
        """Make the data set.

        Raises
        ------
        DataError
            An option is unknown, of another type than its default, or out of range.
        """
        hints = get_type_hints(self.loader)
        for name, value in options.items():
            where = f"data.options.{name}"
            if name not in self.options:
                raise DataError(unknown(where, f"option of data set {self.name!r}", name, self.options))
            _check_option(where, value, hints[name], least=0 if name == "seed" else 1)
        try:
            return self.loader(**options)
        except MemoryError:
            raise DataError(f"data.options: {dict(options)} makes more rows than there is memory for") from None


def _builtins(*loaders: Callable[..., Raw]) -> dict[str, Builtin]:
    lines = {f: (inspect.getdoc(f) or "").partition("\n")[0] for f in loaders}
    return {f.__name__: Builtin(f.__name__, f, line.removeprefix("Return ")) for f, line in lines.items()}


DATASETS: dict[str, Builtin] = _builtins(
    oscillating.oscillating,
    noise.random,
    moons.moons,
    bundled.digits,
    bundled.iris,
    bundled.wine,
    bundled.breast_cancer,
    regions.diamond,
    regions.square,
    gates.gates,
    plane.plane,
    bundled.diabetes,
)


def load_builtin(name: str, options: Mapping[str, Any]) -> Raw:
    """Make the built-in data set `name`.

    Raises
    ------
    DataError
        No such data set, or an option that it does not take.
    """
    if name not in DATASETS:
        raise DataError(unknown("data.dataset", "data set", name, DATASETS))
    return DATASETS[name].load(options)


def _check_option(where: str, value: Any, hint: Any, least: int) -> None:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise DataError(unknown(where, "choice", str(value), get_args(hint)))
    elif hint is int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
            raise DataError(f"{where}: must be a whole number from {least} to {LARGEST:,}, got {value!r}")
    elif not isinstance(value, (int, float)) or isinstance(value, bool) or not isfinite(value) or value < 0:
        raise DataError(f"{where}: must be a finite number, zero or above, got {value!r}")
