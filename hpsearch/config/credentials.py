"""A user's name and password for a server, handed on explicitly and never shown."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True)
class Credentials:
    """A user's name and password; the password shows itself to nobody who does not ask for it."""

    username: str
    password: SecretStr
