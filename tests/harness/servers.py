"""A real MLflow server and a real PostgreSQL, that can be killed and started again on the same data and port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path

from processes import Process, answers, free_port, kill, until

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class MlflowServer:
    """A server over SQLite, with artifacts that it serves itself; with a password it wants to be told, user `admin`."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder, self.port, self._starts, self._password = folder, free_port(), 0, password
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self._starts += 1
        store = [f"--backend-store-uri=sqlite:///{self.folder / 'mlflow.db'}", "--workers=1"]
        files = [f"--artifacts-destination={self.folder / 'artifacts'}", "--serve-artifacts"]
        command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={self.port}", *store, *files]
        env = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        if self._password:
            command += ["--app-name", "basic-auth"]
            env |= {"MLFLOW_AUTH_ADMIN_PASSWORD": self._password, "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret key"}
            settings = self.folder / "auth.ini"  # else its users lie in the current folder
            settings.write_text(
                "[mlflow]\ndefault_permission = READ\nadmin_username = admin\n"
                f"database_uri = sqlite:///{self.folder / 'users.db'}\n"
                "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
            )
            env["MLFLOW_AUTH_CONFIG_PATH"] = str(settings)
        self.process = Process(command, self.folder / f"server-{self._starts}.log", env)

    def wait(self, seconds: float = 90) -> None:
        until(self._healthy, seconds, lambda: self.process.text()[-3000:])

    def kill(self) -> None:
        self.process.end()

    def _healthy(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
        return False


class Postgres:
    """A cluster of databases of the user `postgres`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hpsearch-postgres-"))
        shutil.chown(self.folder, "postgres", "postgres")
        self.port, self._starts, self._made = free_port(), 0, 0
        initdb = [str(BINARIES[-1] / "initdb"), "-D", str(self.data), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, user="postgres", cwd=self.folder)
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        self._starts += 1
        where = ["-D", str(self.data), "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1"]
        log = self.folder / f"server-{self._starts}.log"
        command = [str(BINARIES[-1] / "postgres"), *where, "-c", "max_connections=40"]
        self.process = Process(command, log, {}, user="postgres", cwd=self.folder)
        until(lambda: "ready to accept connections" in self.process.text(), 30, lambda: self.process.text()[-3000:])

    def kill(self) -> None:
        """Kill the postmaster, as a crash would; its children notice and go."""
        kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        until(lambda: not answers(self.port), 10)
        self.process.end()

    def fresh(self) -> str:
        """Make a database and return its address."""
        self._made += 1
        name = f"study{self._made}"
        command = [str(BINARIES[-1] / "createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name]
        subprocess.run(command, check=True, capture_output=True)
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def end(self) -> None:
        with suppress(AssertionError, ProcessLookupError):
            os.kill(self.process.pid, signal.SIGQUIT)
            self.process.wait(10)
        self.process.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def postgres_missing() -> str:
    """Return why there can be no PostgreSQL here, or an empty text."""
    if not BINARIES:
        return "PostgreSQL is not installed"
    if os.geteuid() != 0:
        return "only root can run PostgreSQL as another user"
    return "" if _installed() else "psycopg is not installed: pip install hpsearch[postgresql]"


def _installed() -> bool:
    import importlib.util

    return importlib.util.find_spec("psycopg") is not None
