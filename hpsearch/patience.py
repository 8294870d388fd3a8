"""Tries again what failed, for as long as it may: servers restart, networks hiccup.

Used by `tracking` for every job behind the search, by `sweep` for the few calls at its beginning and end, and by
`study` while its database is away. What is tried must be harmless to repeat.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TypeVar

from hpsearch.errors import StoreError

SECONDS = float(os.environ.get("HPSEARCH_MLFLOW_PATIENCE_SECONDS", "300"))
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 10.0
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def patiently(
    work: Callable[[], _T],
    seconds: float,
    before_again: Callable[[], object] | None = None,
    on: type[StoreError] = StoreError,
) -> _T:
    """Return what `work` returns, calling it again until it raises no `on` or `seconds` are over since it first did.

    A full disk is not waited for.

    Parameters
    ----------
    before_again : called before every further try, to look what the one before may have done after all
    on : the errors that may pass

    Raises
    ------
    StoreError
        The last one, when the time is over.
    """
    deadline, pause = float("inf"), _FIRST_PAUSE_SECONDS
    while True:
        try:
            return work()
        except on as error:
            deadline = min(deadline, time.monotonic() + seconds)
            if time.monotonic() + pause > deadline or _in_vain(error):
                raise
            _log.info("trying again in %.1f s: %s", pause, error)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        if before_again is not None:
            before_again()


def _in_vain(error: StoreError) -> bool:
    """Whether waiting helps nobody: a full disk wants a person."""
    return any(sign in str(error) for sign in ("disk is full", "No space left on device"))
