"""The scheme of an address chooses the store; its credentials are those that were handed on, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

import hpsearch.tracking
from hpsearch.config.addresses import Addresses
from hpsearch.config.credentials import Credentials
from hpsearch.errors import StoreError
from hpsearch.tracking import open_store, open_store_at
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.server.store import RestStore


def test_a_file_is_a_database_and_a_url_a_server(home, open_server):
    assert isinstance(open_store(f"sqlite:///{home / 'mlflow.db'}"), DatabaseStore)
    assert isinstance(open_store(open_server.url), RestStore)
    assert open_store(f"{open_server.url}/").experiment("Default") == "0"


def test_the_store_of_addresses_has_their_credentials(home, closed_server, admin):
    def at(credentials):
        return Addresses(home, "sqlite://", closed_server.url, None, credentials=credentials)

    assert open_store_at(at(admin)).experiment("Default") == "0"
    with pytest.raises(StoreError, match="password is wrong"):
        open_store_at(at(Credentials("admin", SecretStr("another folder's"))))
    assert open_store_at(at(admin)).experiment("Default") == "0"


def test_the_password_of_the_environment_goes_to_no_server(closed_server, admin, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", admin.username)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", admin.password.get_secret_value())
    with pytest.raises(StoreError, match="password is missing"):
        open_store(closed_server.url)


def test_a_server_and_a_store_in_memory_need_no_mlflow_and_the_library_has_one_room():
    """It takes seconds to import, which `hpsearch status` on a server need not wait for."""
    program = "import sys, hpsearch.tracking.server.store, hpsearch.tracking.memory; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    root = Path(hpsearch.tracking.__file__).parent
    importing = [
        p
        for p in root.rglob("*.py")
        if any(line.lstrip().startswith(("import mlflow", "from mlflow")) for line in p.read_text().splitlines())
    ]
    assert {path.parent.name for path in importing} == {"client"}
