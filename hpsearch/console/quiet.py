"""Keeps the libraries' own chatter out of sight unless it is asked for."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

_LOGGERS = ("ray", "mlflow", "optuna", "alembic", "sqlalchemy", "hpsearch")
# Set here and, for the workers that inherit them, where Ray is started.
_VARIABLES = ("PYTHONWARNINGS", "MLFLOW_LOGGING_LEVEL", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def silence(verbose: bool) -> None:
    """Silence loggers and warnings of Ray, Optuna and MLflow; call before they are imported."""
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    from hpsearch.study.engine import quiet

    quiet(verbose)
    warnings.simplefilter("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.environ["MLFLOW_LOGGING_LEVEL"] = "CRITICAL"  # its errors come as exceptions, too, and we say them in a line
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "mlflow" else logging.ERROR)


@contextmanager
def silenced() -> Iterator[None]:
    """Hush while the block runs; after it, warnings, loggers and environment are the caller's again."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    variables = {name: os.environ.get(name) for name in _VARIABLES}
    with warnings.catch_warnings():
        try:
            silence(verbose=False)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            for name, value in variables.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextmanager
def own_stdout(verbose: bool) -> Iterator[None]:
    """Keep stdout for what the command itself prints: Ray prints there what happens to its workers, unasked."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(sys.stderr if verbose else nowhere):
        yield
