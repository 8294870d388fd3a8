"""Gives things back on every way out of a block, and keeps the error that is read the first one.

Used by `sweep` for whatever has to be closed. What goes wrong while a block is left because of an error becomes a
note on that error; an interrupt in the midst of closing does not leave half of it undone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


@contextmanager
def closing(what: str, close: Callable[[], object]) -> Iterator[None]:
    """Call `close` at the block's end; its own error is raised only where the block had none.

    Parameters
    ----------
    what : names in the note what could not be closed
    close : must be harmless to call again, which is done where an interrupt strikes within it
    """
    try:
        yield
    except BaseException as error:
        with noting(error, what):
            _surely(close)
        raise
    else:
        _surely(close)


@contextmanager
def noting(first: BaseException, what: str) -> Iterator[None]:
    """Let the block fail without a word but a note on `first`, the error that is on its way to the user."""
    try:
        yield
    except BaseException as later:
        if later is not first:
            reason = " ".join(f"{type(later).__name__}: {later}".split())
            first.add_note(f"then, {what}: {reason}")
            _log.info("%s: %s", what, reason)


def _surely(close: Callable[[], object]) -> None:
    try:
        close()
    except Exception:
        raise
    except BaseException:  # impatience: what is left of the closing is done all the same
        close()
        raise
