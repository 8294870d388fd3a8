"""Keeps the levels of loggers while MLflow is imported, which sets its own ones then.

Used where this room imports MLflow; who has silenced it before, `console` or a program around us, is not overruled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("mlflow", "alembic", "sqlalchemy.engine")


@contextmanager
def kept_levels() -> Iterator[None]:
    """Give loggers whose level was set before the block the same one after it."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        yield
    finally:
        for name, level in levels.items():
            if level != logging.NOTSET:
                logging.getLogger(name).setLevel(level)
