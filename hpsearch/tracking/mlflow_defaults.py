"""Turns two of MLflow's defaults off for this process: sending telemetry, and progress bars for artifacts.

Both can be chosen by environment variables alone, which a library must not write. So the default of MLflow's own
settings is changed instead: a variable that somebody has set still counts. Importing MLflow writes a random
installation number to the user's ``.config/mlflow`` before anything can be said; it is never sent. Imported by every
module that calls MLflow.
"""

from __future__ import annotations

from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.telemetry import set_telemetry_client

MLFLOW_DISABLE_TELEMETRY.default = True
MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.default = False
set_telemetry_client()  # type: ignore[no-untyped-call]  # reads the setting again and ends what the import began
