"""Keeps the libraries' own chatter out of sight unless it is asked for."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path


def hush(verbose: bool) -> None:
    """Silence loggers and warnings of Ray, Optuna and MLflow; call before they are imported."""
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    from hpsearch.study import quiet

    quiet(verbose)
    warnings.simplefilter("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.environ["MLFLOW_LOGGING_LEVEL"] = "CRITICAL"  # its errors come as exceptions, too, and we say them in a line
    for name in ("ray", "mlflow", "optuna", "alembic", "sqlalchemy", "hpsearch"):
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "mlflow" else logging.ERROR)


@contextmanager
def own_stdout(verbose: bool) -> Iterator[None]:
    """Keep stdout for what the command itself prints: Ray prints there what happens to its workers, unasked."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(sys.stderr if verbose else nowhere):
        yield
