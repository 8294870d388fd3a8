"""Where a sweep keeps its things: the home folder, and the stores that may take its place.

Everything lies under the home (``.hpsearch``) unless the settings name a tracking server, a study storage or a Ray
cluster. The secrets that belong to these addresses travel with them, so that no address meets another one's. Read by
`sweep` and the command line.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from hpsearch.config.credentials import Credentials
from hpsearch.config.settings import HTTP, Settings, read_settings
from hpsearch.errors import SettingsError, StoreError

DEFAULT_HOME = Path(".hpsearch")
# As SQLAlchemy reads it: a password may hold a slash, a "?" or a "#".
_DATABASE_PASSWORD = re.compile(r"[\w+]+://[^:/]*:[^@]*@")


@dataclass(frozen=True)
class Addresses:
    """The home folder, the addresses of the study, of MLflow, of the Ray that a driver joins and of its Jobs API.

    Attributes
    ----------
    ray : None where a driver starts its own
    jobs : URL of Ray's Jobs API; None where no cluster is configured
    credentials : of the MLflow server; None where no user name is configured
    ray_token, ray_token_path : Ray's token, or the file that holds it, as written; Ray takes the first of them
    mlflow_retry_seconds, silence_seconds : see `Settings`
    """

    home: Path
    storage: str = field(repr=False)  # a password may stand in front of its host
    tracking: str
    ray: str | None
    jobs: str | None = None
    credentials: Credentials | None = None
    ray_token: SecretStr | None = None
    ray_token_path: Path | None = None
    mlflow_retry_seconds: float = 300.0
    silence_seconds: float = 30.0

    @classmethod
    def find(cls, home: str | Path | None = None, jobs: str | None = None) -> Addresses:
        """Settle the addresses: what is given here, then the environment, then `hpsearch.toml`.

        Raises
        ------
        SettingsError
            If the file or an address is wrong.
        """
        settings = read_settings()
        folder = Path(home or settings.home or DEFAULT_HOME).absolute()
        address = settings.ray_address
        as_url = address if address and address.startswith(HTTP) else None  # as Ray's own commands take it
        addresses = cls(
            home=folder,
            storage=settings.storage or f"sqlite:///{folder / 'study.db'}",
            tracking=settings.tracking or f"sqlite:///{folder / 'mlflow.db'}",
            ray=None if as_url else address,
            jobs=(jobs or settings.ray or as_url or "").rstrip("/") or None,
            credentials=_credentials(settings),
            ray_token=settings.ray_token,
            ray_token_path=settings.ray_token_path,
            mlflow_retry_seconds=settings.mlflow_retry_seconds,
            silence_seconds=settings.silence_seconds,
        )
        addresses._check()
        return addresses

    def _check(self) -> None:
        """Refuse what cannot be an address, and a password in one."""
        _check_url("MLFLOW_TRACKING_URI", self.tracking, "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
        _check_database("HPSEARCH_STORAGE", self.storage)
        if self.jobs is not None:
            if not self.jobs.startswith(HTTP):
                raise SettingsError(
                    f"--address, HPSEARCH_RAY: must be the URL of Ray's Jobs API, such as http://127.0.0.1:8265, "
                    f"got {self.jobs!r}"
                )
            _check_url("--address, HPSEARCH_RAY", self.jobs, "RAY_AUTH_TOKEN_PATH")

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

    def jobs_url(self) -> str:
        """Return the URL of Ray's Jobs API.

        Raises
        ------
        SettingsError
            If no cluster is configured.
        """
        if self.jobs is None:
            raise SettingsError(
                "no cluster is configured: give the URL of Ray's Jobs API with --address, HPSEARCH_RAY or ray in "
                "hpsearch.toml, such as http://127.0.0.1:8265"
            )
        return self.jobs

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


def _credentials(settings: Settings) -> Credentials | None:
    if settings.tracking_username is None:
        return None
    return Credentials(settings.tracking_username, settings.tracking_password or SecretStr(""))


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
    option = any("passw" in key.lower() for key, _ in parse_qsl(url.partition("?")[2]))
    if option or (in_front and _DATABASE_PASSWORD.match(url)):
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
