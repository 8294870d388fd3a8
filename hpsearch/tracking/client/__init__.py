"""What goes through MLflow's own library, and the only modules that import it: databases, artifacts, the MLmodel file.

Two of MLflow's defaults are off in this process: sending telemetry, and progress bars for artifacts. Both can be
chosen by environment variables alone, which a library must not write, so the default of MLflow's own settings is
changed instead, and a variable that somebody has set still counts. Importing MLflow writes a random installation
number to the user's ``.config/mlflow`` before anything can be said; it is never sent.
"""

from hpsearch.tracking.log_levels import kept_levels

with kept_levels():
    from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
    from mlflow.telemetry import set_telemetry_client

MLFLOW_DISABLE_TELEMETRY.default = True
MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.default = False
set_telemetry_client()  # type: ignore[no-untyped-call]  # reads the setting again and ends what the import began
