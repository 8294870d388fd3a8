"""The settings of a process: the environment, then `hpsearch.toml` beside you, then your own one, as one frozen object.

`addresses` turns them into addresses. Flags come before all of it. The first of the two files that exists is read,
never both: a folder's address shall not meet the token of another place. Nothing is kept between two reads, and the
environment is read, never written: what one folder says reaches no other.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

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
# Set by the environment alone.
WAITS = {
    "mlflow_retry_seconds": "HPSEARCH_MLFLOW_PATIENCE_SECONDS",
    "silence_seconds": "HPSEARCH_SILENCE_SECONDS",
}
HTTP = ("http://", "https://")
_SECRETS = ("ray_token", "tracking_password")
_PATHS = ("home", "ray_token_path")
# One token makes the other one moot, whichever of them the environment names.
_MOOT = {"ray_token": "RAY_AUTH_TOKEN_PATH", "ray_token_path": "RAY_AUTH_TOKEN"}


class Settings(BaseModel):
    """What the environment and the file say; None for what neither of them names.

    Attributes
    ----------
    home, ray, ray_address, tracking, storage, ray_token, ray_token_path, tracking_username, tracking_password
        The keys of `hpsearch.toml`. The four addresses are not shown: a password in one is refused by `addresses`.
    mlflow_retry_seconds : how long calls to an MLflow that does not answer are repeated
    silence_seconds : how long a worker may leave a question open before it is taken for lost
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Path | None = None
    ray: str | None = Field(default=None, repr=False)
    ray_address: str | None = Field(default=None, repr=False)
    tracking: str | None = Field(default=None, repr=False)
    storage: str | None = Field(default=None, repr=False)
    ray_token: SecretStr | None = None
    ray_token_path: Path | None = None
    tracking_username: str | None = None
    tracking_password: SecretStr | None = None
    mlflow_retry_seconds: float = 300.0
    silence_seconds: float = 30.0


def read_settings() -> Settings:
    """Return what the environment and the file say now.

    Raises
    ------
    SettingsError
        If the file is not TOML, has an unknown key, or shows a secret to others; if a variable is no number.
    """
    path = settings_file()
    file = {} if path is None else _read(path)
    variables = {key: os.environ[name] for key, name in VARIABLES.items() if os.environ.get(name)}
    if variables.get("ray_address", "").startswith(HTTP):
        file.pop("ray", None)  # both name the Jobs API, and the environment comes first
    valid = {key: value for key, value in file.items() if not os.environ.get(_MOOT.get(key, ""))}
    waits = {key: _seconds(name) for key, name in WAITS.items() if os.environ.get(name)}
    return Settings.model_validate({**valid, **variables, **waits})


def _seconds(variable: str) -> float:
    """Return a variable's number of seconds; infinity is one, to wait for ever."""
    value = os.environ[variable]
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise SettingsError(f"{variable}: must be a number of seconds, 0 or more, got {value!r}")
    return seconds


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
    """Return what the file says; its paths count from its own folder."""
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
            raise SettingsError(f"{path}: {key}: must be a text that is not empty, got {_printable(key, value)}")
    _must_be_private(path, content)
    return {key: _beside(path, key, value) if key in _PATHS else value for key, value in content.items()}


def _beside(file: Path, key: str, value: str) -> str:
    """Return a path that the file names, which counts from the file's folder."""
    try:
        return str(file.parent / Path(value).expanduser())
    except RuntimeError:
        raise SettingsError(f"{file}: {key}: names the home of a user who is not known here, got {value!r}") from None


def _printable(key: str, value: object) -> str:
    return "another value" if key in _SECRETS else repr(value)


def _must_be_private(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse a file with a secret that others may read."""
    secrets = [key for key in _SECRETS if key in content]
    if secrets and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(path.stat().st_mode)
        raise SettingsError(
            f"{path}: holds {' and '.join(secrets)}, so it must be readable by you alone, got mode {mode:03o}; "
            f"fix it: chmod 600 {path}"
        )
