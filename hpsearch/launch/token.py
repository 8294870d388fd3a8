"""The token that Ray's Jobs API asks for: where it lies, and what to say when it is missing or wrong.

Read in the order of Ray itself, from the addresses that `config` settled. It is the right to run code on the cluster,
so it is shown nowhere.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from hpsearch.config.addresses import Addresses
from hpsearch.errors import SettingsError

WHERE = "RAY_AUTH_TOKEN_PATH (a file), RAY_AUTH_TOKEN, or ray_token_path in hpsearch.toml"


def find_token(addresses: Addresses) -> SecretStr | None:
    """Return the token that goes with `addresses`, or that of Ray's own file; None where there is none.

    Raises
    ------
    SettingsError
        If a file was named that cannot be read, or what it holds cannot be a token.
    """
    if addresses.ray_token is not None:
        return _checked("RAY_AUTH_TOKEN", addresses.ray_token.get_secret_value())
    named = addresses.ray_token_path
    try:
        path = named.expanduser() if named else Path.home() / ".ray" / "auth_token"
        return _checked(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        if named is None:
            return None
        reason = error.strerror if isinstance(error, OSError) else "not text"
        reason = "names a user who is not known here" if isinstance(error, RuntimeError) else reason
        raise SettingsError(f"RAY_AUTH_TOKEN_PATH: {named}: cannot be read: {reason}") from None


def _checked(where: str, content: str) -> SecretStr:
    token = content.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"{where}: must hold one line of printable characters without a space, got something else")
    return SecretStr(token)
