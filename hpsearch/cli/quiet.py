"""Keeps the libraries' own chatter out of sight unless it is asked for."""

from __future__ import annotations

import logging
import os
import warnings


def hush(verbose: bool) -> None:
    """Silence loggers and warnings of Ray, Optuna and MLflow; call before they are imported."""
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    from hpsearch.study import quiet

    quiet(verbose)
    warnings.simplefilter("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.environ["MLFLOW_LOGGING_LEVEL"] = "ERROR"
    for name in ("ray", "mlflow", "optuna", "alembic", "sqlalchemy", "hpsearch"):
        logging.getLogger(name).setLevel(logging.ERROR)
