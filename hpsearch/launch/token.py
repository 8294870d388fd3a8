"""The token that Ray's Jobs API asks for: where it lies, and what to say when it is missing or wrong.

Read the way Ray itself does. It is the right to run code on the cluster, so it is shown nowhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from hpsearch.errors import SettingsError

WHERE = "RAY_AUTH_TOKEN_PATH (a file), RAY_AUTH_TOKEN, or ray_token_path in hpsearch.toml"


def find_token() -> str | None:
    """Return the token, or None where there is none.

    Raises
    ------
    SettingsError
        If a file was named that cannot be read, or what it holds cannot be a token.
    """
    token = os.environ.get("RAY_AUTH_TOKEN")
    if token:
        return _checked("RAY_AUTH_TOKEN", token)
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    try:
        path = Path(named).expanduser() if named else Path.home() / ".ray" / "auth_token"
        return _checked(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        if not named:
            return None
        reason = error.strerror if isinstance(error, OSError) else "not text"
        reason = "names a user who is not known here" if isinstance(error, RuntimeError) else reason
        raise SettingsError(f"RAY_AUTH_TOKEN_PATH: {named}: cannot be read: {reason}") from None


def _checked(where: str, token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"{where}: must hold one line of printable characters without a space, got something else")
    return token
