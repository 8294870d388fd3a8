"""Where the stores and the cluster are: the environment, then `hpsearch.toml` beside you, then your own one.

`addresses` turns what is found here into addresses. Flags come before all of it. The first of the two files that exists
is read, never both: a folder's address shall not meet the token of another place.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
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
HTTP = ("http://", "https://")
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
    _one_jobs_api(written, spoken)
    return {**{key: value for key, value in written.items() if not os.environ.get(_MOOT.get(key, ""))}, **spoken}


def _one_jobs_api(written: dict[str, str], spoken: Mapping[str, str]) -> None:
    """Drop what the file says of the Jobs API where something before it names one: `ray`, or `ray_address` as a URL."""
    if spoken.get("ray_address", "").startswith(HTTP):
        written.pop("ray", None)
    elif "ray" in written and written.get("ray_address", "").startswith(HTTP):
        del written["ray_address"]  # else it would be handed on, and come before `ray` from then on


def hand_on(settings: Mapping[str, str]) -> None:
    """Let Ray and MLflow find their part in the environment, where they look for it."""
    for key in _HANDED_ON:
        if key in settings and not os.environ.get(VARIABLES[key]):
            os.environ[VARIABLES[key]] = settings[key]


def settings_file() -> Path | None:
    """Return the file that counts, or None where there is none."""
    candidates = [Path.cwd() / FILE]
    with suppress(RuntimeError):  # a container's user id may have no home
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        candidates.append(Path(base) / "hpsearch" / FILE)
    return next((path for path in candidates if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    """Whether a file is there; what lies in a folder that is closed to us is not."""
    try:
        return path.is_file()
    except OSError:
        return False


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
    return {key: _beside(path, key, value) if key in _PATHS else value for key, value in content.items()}


def _beside(file: Path, key: str, value: str) -> str:
    """Return a path that the file names, which counts from the file's folder."""
    try:
        return str(file.parent / Path(value).expanduser())
    except RuntimeError:
        raise SettingsError(f"{file}: {key}: names the home of a user who is not known here, got {value!r}") from None


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
