"""The parts of a sweep's end that may fail alone: each costs itself and one line, never the sweep or the others.

Used by `finish` for tables, pictures, diagnosis and what they are made of. What makes the score and registers the
model is no such part: without it a sweep has not ended.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from hpsearch.errors import StoreUnavailable, SweepBusy

_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)
_T = TypeVar("_T")


def of_the_machine(error: BaseException) -> bool:
    """Whether a full disk or the like is to blame, which no code of ours can help."""
    return isinstance(error, OSError) and error.errno in _OF_THE_MACHINE


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
