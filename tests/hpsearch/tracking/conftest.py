"""One MLflow server without and one with a password for all tests of the room, and a store of every kind."""

from __future__ import annotations

import shutil
import uuid

import pytest
from pydantic import SecretStr

from hpsearch.config.credentials import Credentials
from hpsearch.tracking import open_store
from hpsearch.tracking.memory import MemoryStore

PASSWORD = "a canary's password"


def server(folder, password=""):
    from servers import MlflowServer

    running = MlflowServer(folder, password)
    running.wait(240)
    return running


@pytest.fixture(scope="session")
def open_server(tmp_path_factory, empty_home):
    """An MLflow server that everybody may use."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(empty_home, folder, dirs_exist_ok=True)  # with its write-ahead log
    running = server(folder)
    yield running
    running.kill()


@pytest.fixture(scope="session")
def closed_server(tmp_path_factory, empty_home):
    """An MLflow server that wants a name and a password."""
    folder = tmp_path_factory.mktemp("closed-server")
    shutil.copytree(empty_home, folder, dirs_exist_ok=True)  # with its write-ahead log
    running = server(folder, PASSWORD)
    yield running
    running.kill()


@pytest.fixture(scope="session")
def admin():
    return Credentials("admin", SecretStr(PASSWORD))


def of_memory(request):
    return MemoryStore()


def of_sqlite(request):
    home = request.getfixturevalue("home")
    return open_store(f"sqlite:///{home / 'mlflow.db'}", home)


def of_server(request):
    return open_store(request.getfixturevalue("open_server").url)


def of_closed_server(request):
    admin = request.getfixturevalue("admin")
    return open_store(request.getfixturevalue("closed_server").url, credentials=admin)


def of_postgres(request):
    return open_store(request.getfixturevalue("postgres_database"), request.getfixturevalue("tmp_path"))


@pytest.fixture(scope="module")
def postgres_database(postgres):
    return postgres.fresh()


SLOW = pytest.mark.slow  # a server with passwords hashes one for every call: a tenth of a second
KINDS = [
    of_memory,
    of_sqlite,
    of_server,
    pytest.param(of_closed_server, marks=SLOW),
    pytest.param(of_postgres, marks=SLOW),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__[3:])
def store(request):
    """A store of every kind, one after the other."""
    opened = request.param(request)
    yield opened
    opened.close()


@pytest.fixture
def sweep():
    """A name that no other test uses, because a server is shared."""
    return f"sweep-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def experiment(store, sweep):
    return store.experiment(f"of {sweep}")


@pytest.fixture
def run(store, experiment, sweep):
    return store.create_run(experiment, "trial-0001", {"hpsearch.kind": "trial", "hpsearch.sweep": sweep}, 1000)
