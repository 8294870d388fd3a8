"""The parts of a sweep's end that may fail alone: each costs itself and one line, never the sweep or the others.

Used by `finish` for tables, pictures, diagnosis and what they are made of. What makes the score and registers the
model is no such part: without it a sweep has not ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hpsearch.errors import StoreUnavailable, SweepBusy
from hpsearch.sweep.resources import of_the_machine

_T = TypeVar("_T")


class Parts:
    """Makes parts; `failures` holds a line of each that could not be made."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._lines: dict[str, str] = {}

    @property
    def failures(self) -> tuple[str, ...]:
        """One line a part, in the order in which they failed."""
        return tuple(self._lines.values())

    def make(self, name: str, work: Callable[[], _T], otherwise: _T) -> _T:
        """Return what `work` returns, or `otherwise` where it fails in a way that concerns this part alone.

        Raises
        ------
        StoreUnavailable, SweepBusy, OSError
            A store that does not answer, a lease that is lost, a full disk: they concern the whole sweep.
        """
        try:
            return work()
        except (StoreUnavailable, SweepBusy):
            raise
        except Exception as error:
            if of_the_machine(error):
                raise
            self.fail(name, f"{type(error).__name__}: {error}")
            return otherwise

    def fail(self, name: str, reason: str) -> None:
        """Note once that a part could not be made, in one line; the first reason is kept."""
        if name not in self._lines:
            self._lines[name] = f"{name} could not be made: {' '.join(reason.split())}"
            self._note(self._lines[name])
