"""The name and the password that MLflow's basic authentication asks for.

Read by `settings`, carried by `addresses` to whoever opens the store; printed without the password.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True)
class Credentials:
    """A user of an MLflow server; the password is empty where none is configured."""

    username: str
    password: SecretStr
