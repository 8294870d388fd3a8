"""Where a sweep keeps its things: the home folder, and the stores that may take its place.

Everything lies under the home (``.hpsearch``) unless the environment names a tracking server, a study storage or a
Ray cluster. Read by `sweep` and the command line.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from hpsearch.config.credentials import Credentials
from hpsearch.config.settings import HTTP, hand_on, read_settings
from hpsearch.errors import SettingsError, StoreError

DEFAULT_HOME = Path(".hpsearch")
# As SQLAlchemy reads it: a password may hold a slash, a "?" or a "#".
_DATABASE_PASSWORD = re.compile(r"[\w+]+://[^:/]*:[^@]*@")


@dataclass(frozen=True)
class Addresses:
    """The home folder, and the addresses of the study, of MLflow, of the Ray that a driver joins and of its Jobs API.

    ``ray`` is None where a driver starts its own, ``jobs`` where no cluster is configured.
    """

    home: Path
    storage: str
    tracking: str
    ray: str | None
    jobs: str | None = None
    credentials: Credentials | None = None

    @classmethod
    def find(cls, home: str | Path | None = None, jobs: str | None = None) -> Addresses:
        """Settle the addresses: what is given here, then the environment, then `hpsearch.toml`.

        Raises
        ------
        SettingsError
            If the file or an address is wrong.
        """
        said = read_settings()
        hand_on(said)
        folder = Path(home or said.get("home") or DEFAULT_HOME).absolute()
        address = said.get("ray_address")
        as_url = address if address and address.startswith(HTTP) else None  # as Ray's own commands take it
        addresses = cls(
            home=folder,
            storage=said.get("storage") or f"sqlite:///{folder / 'study.db'}",
            tracking=said.get("tracking") or f"sqlite:///{folder / 'mlflow.db'}",
            ray=None if as_url else address,
            jobs=(jobs or said.get("ray") or as_url or "").rstrip("/") or None,
            credentials=_credentials(said),
        )
        _check_url("MLFLOW_TRACKING_URI", addresses.tracking, "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
        _check_database("HPSEARCH_STORAGE", addresses.storage)
        if addresses.jobs is not None:
            if not addresses.jobs.startswith(HTTP):
                raise SettingsError(
                    f"--address, HPSEARCH_RAY: must be the URL of Ray's Jobs API, such as http://127.0.0.1:8265, "
                    f"got {addresses.jobs!r}"
                )
            _check_url("--address, HPSEARCH_RAY", addresses.jobs, "RAY_AUTH_TOKEN_PATH")
        return addresses

    def sweep(self, name: str) -> Path:
        """Return the folder of one sweep's spool, models and lock."""
        return self.home / "sweeps" / name

    def make(self) -> None:
        """Create the home.

        Raises
        ------
        StoreError
            If it cannot be created or written.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.home):
                pass  # of a name of its own: sweeps may begin side by side
        except OSError as error:
            raise StoreError(f"--home {self.home}: cannot be written: {error.strerror}") from None

    @property
    def local(self) -> bool:
        """Whether everything is kept in the home folder."""
        return self.storage.startswith("sqlite") and self.tracking.startswith("sqlite") and self.ray is None

    def must_exist(self) -> None:
        """Refuse to look things up in a home that is not there.

        Raises
        ------
        StoreError
            If the tracking store lies in the home and there is none.
        """
        if self.tracking.startswith("sqlite:///") and not Path(self.tracking.removeprefix("sqlite:///")).exists():
            raise StoreError(f"--home {self.home}: holds no sweeps yet; begin one with: hpsearch run")


def _credentials(said: Mapping[str, str]) -> Credentials | None:
    name = said.get("tracking_username")
    return None if name is None else Credentials(name, SecretStr(said.get("tracking_password", "")))


def _check_url(where: str, url: str, instead: str) -> None:
    """Refuse a password in an address, which is shown, recorded and logged, and a URL that cannot be read."""
    if not url.startswith(HTTP):
        _check_database(where, url, in_front=True)
        return
    if "@" in re.split("[/?#]", url.partition("://")[2])[0]:
        raise SettingsError(f"{where}: must hold no user name or password; put them into {instead}")
    try:
        _ = urlsplit(url).port
    except ValueError:  # whose words repeat what may be half a password
        raise SettingsError(f"{where}: must be http://HOST:PORT, its port a number, an IPv6 host in [ ]") from None


def _check_database(where: str, url: str, in_front: bool = False) -> None:
    """Refuse a password among the options of a database's address, or `in_front` of its host, too."""
    among = any("passw" in key.lower() for key, _ in parse_qsl(url.partition("?")[2]))
    if among or (in_front and _DATABASE_PASSWORD.match(url)):
        raise SettingsError(f"{where}: must hold no password; put it into PGPASSWORD, which PostgreSQL's driver reads")


def redact(url: str) -> str:
    """Return a database's address fit to be shown: without a password, and without options, which may hold one."""
    import sqlalchemy

    if "://" not in url or url.startswith("sqlite:///"):
        return url
    try:
        return sqlalchemy.make_url(url).set(query={}).render_as_string(hide_password=True)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        return f"{url.partition('://')[0]}://…"
