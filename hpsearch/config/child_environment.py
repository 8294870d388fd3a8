"""The environment of a child process: this process's own, and what the child alone shall find there.

Nothing in the library writes the environment of its own process: what is written there reaches every later sweep,
and every other library, of the same process. Whoever starts a child passes it such a mapping (``subprocess``'s
``env``) instead, with secrets only where the child needs them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from hpsearch.config.addresses import Addresses


def child_environment(*additions: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `additions`; a later one comes before an earlier one."""
    environment = dict(os.environ)
    for addition in additions:
        environment.update(addition)
    return environment


def quiet_variables() -> dict[str, str]:
    """Return what keeps a Python child from writing warnings, unless the user asked for them."""
    return {"PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS") or "ignore"}


def mlflow_variables(addresses: Addresses) -> dict[str, str]:
    """Return the variables by which a client of MLflow finds the server of `addresses`, its password included."""
    variables = {"MLFLOW_TRACKING_URI": addresses.tracking}
    if addresses.credentials is not None:
        variables["MLFLOW_TRACKING_USERNAME"] = addresses.credentials.username
        variables["MLFLOW_TRACKING_PASSWORD"] = addresses.credentials.password.get_secret_value()
    return variables


def ray_variables(addresses: Addresses) -> dict[str, str]:
    """Return the variables in which Ray looks for its token; empty where none is configured."""
    variables = {}
    if addresses.ray_token is not None:
        variables["RAY_AUTH_TOKEN"] = addresses.ray_token.get_secret_value()
    if addresses.ray_token_path is not None:
        variables["RAY_AUTH_TOKEN_PATH"] = str(addresses.ray_token_path)
    return variables
