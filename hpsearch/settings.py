"""Where the stores and the cluster are: the environment, then `hpsearch.toml` beside you, then your own one.

`places` turns what is found here into addresses. Flags come before all of it. The first of the two files that exists
is read, never both: a folder's address shall not meet the token of another place.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpsearch.errors import SettingsError, unknown

FILE = "hpsearch.toml"
# A key of the file, and the variable that comes before it.
VARIABLES = {
    "home": "HPSEARCH_HOME",
    "ray": "HPSEARCH_RAY",
    "ray_address": "RAY_ADDRESS",
    "tracking": "MLFLOW_TRACKING_URI",
    "storage": "HPSEARCH_STORAGE",
    "ray_token": "RAY_AUTH_TOKEN",
    "ray_token_path": "RAY_AUTH_TOKEN_PATH",
    "tracking_username": "MLFLOW_TRACKING_USERNAME",
    "tracking_password": "MLFLOW_TRACKING_PASSWORD",
}
_SECRETS = ("ray_token", "tracking_password")
_PATHS = ("home", "ray_token_path")
# Ray and MLflow read these themselves, so what the file says is handed on; one token makes the other moot.
_HANDED_ON = ("ray_address", "ray_token", "ray_token_path", "tracking_username", "tracking_password")
_MOOT = {"ray_token": "RAY_AUTH_TOKEN_PATH", "ray_token_path": "RAY_AUTH_TOKEN"}


def read_settings() -> dict[str, str]:
    """Return what the environment and the file say, by the file's keys.

    Raises
    ------
    SettingsError
        If the file is not TOML, has an unknown key, or shows a secret to others.
    """
    path = settings_file()
    written = {} if path is None else _read(path)
    spoken = {key: os.environ[name] for key, name in VARIABLES.items() if os.environ.get(name)}
    return {**{key: value for key, value in written.items() if _MOOT.get(key, "") not in os.environ}, **spoken}


def hand_on(settings: Mapping[str, str]) -> None:
    """Let Ray and MLflow find their part in the environment, where they look for it."""
    for key in _HANDED_ON:
        if key in settings:
            os.environ.setdefault(VARIABLES[key], settings[key])


def settings_file() -> Path | None:
    """Return the file that counts, or None where there is none."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    candidates = (Path.cwd() / FILE, Path(base) / "hpsearch" / FILE)
    return next((path for path in candidates if path.is_file()), None)


def _read(path: Path) -> dict[str, str]:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    for key, value in content.items():
        if key not in VARIABLES:
            raise SettingsError(unknown(str(path), "key", key, VARIABLES))
        if not isinstance(value, str) or not value:
            raise SettingsError(f"{path}: {key}: must be a text that is not empty, got {_shown(key, value)}")
    _must_be_private(path, content)
    return {
        key: str(path.parent / Path(value).expanduser()) if key in _PATHS else value for key, value in content.items()
    }


def _shown(key: str, value: object) -> str:
    return "another value" if key in _SECRETS else repr(value)


def _must_be_private(path: Path, content: Mapping[str, Any]) -> None:
    told = [key for key in _SECRETS if key in content]
    if told and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(path.stat().st_mode)
        raise SettingsError(
            f"{path}: holds {' and '.join(told)}, so it must be readable by you alone, got mode {mode:03o}; "
            f"mend it: chmod 600 {path}"
        )
