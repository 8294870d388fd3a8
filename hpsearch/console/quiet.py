"""Keeps the libraries' own chatter out of sight unless it is asked for.

By levels of loggers and filters of warnings alone, which end with the process or the block; a child process is
silenced by the environment that it is given (`config.child_environment`).
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

_LEVELS = {
    "mlflow": logging.CRITICAL,  # its errors come as exceptions, too, and we say them in a line
    "alembic": logging.CRITICAL,
    **dict.fromkeys(("ray", "optuna", "sqlalchemy", "hpsearch"), logging.ERROR),
}


def silence(verbose: bool) -> None:
    """Silence loggers and warnings of Ray, Optuna and MLflow; call before they are imported."""
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    from hpsearch.study.engine import quiet

    quiet(verbose)
    warnings.simplefilter("ignore")
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)


@contextmanager
def silenced() -> Iterator[None]:
    """Silence them while the block runs; after it, warnings and loggers are the caller's again."""
    levels = {name: logging.getLogger(name).level for name in _LEVELS}
    with warnings.catch_warnings():
        try:
            silence(verbose=False)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


@contextmanager
def own_stdout(verbose: bool) -> Iterator[None]:
    """Keep stdout for what the command itself prints: Ray prints there what happens to its workers, unasked."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(sys.stderr if verbose else nowhere):
        yield
