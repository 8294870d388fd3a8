"""What Ray reads from the environment is there while it starts, and the environment is the caller's again after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from hpsearch.execution.ray_environment import ray_constants, ray_environment

CLIENT_KEEPALIVE, SERVER_KEEPALIVE = "RAY_grpc_client_keepalive_time_ms", "RAY_grpc_keepalive_time_ms"
CHANGES = """
import os
before = dict(os.environ)
def changes():
    return {name: (before.get(name), os.environ.get(name)) for name in {*before, *os.environ}
            if before.get(name) != os.environ.get(name)}
"""
IMPORT = (
    CHANGES
    + """
import hpsearch.execution.ray_runtime, hpsearch.execution.ray_workers, hpsearch.execution.ray_nodes
print(changes())
"""
)
# A notebook may have imported Ray long before, with its own settings.
START = (
    """
import ray
"""
    + CHANGES
    + """
import psutil  # which Ray brings along
from hpsearch.execution import ray_runtime
ray_runtime.start(1, 1, verbose=False)
processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
listening = {one.laddr.ip for process in processes for one in process.net_connections("tcp") if one.status == "LISTEN"}
threads = ray.get(ray.remote(lambda: os.environ.get("RAY_AUTH_MODE")).remote())
ray_runtime.stop()
print([changes(), sorted(listening), threads])
"""
)

TWICE = """
import os
from pydantic import SecretStr
from ray._raylet import AuthenticationTokenLoader, Config
from hpsearch.execution.ray_environment import ray_environment
found = []
for token, milliseconds in (("a" * 32, "1234"), ("b" * 32, "4321")):
    os.environ["RAY_grpc_client_keepalive_time_ms"] = milliseconds
    with ray_environment("cluster:6379", SecretStr(token)):
        found.append((Config.grpc_client_keepalive_time_ms(), AuthenticationTokenLoader.instance().get_raw_token()))
print(found)
"""


def said(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    return eval(done.stdout.strip().splitlines()[-1])


@pytest.fixture
def plain(monkeypatch):
    """No word of Ray in the environment."""
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_importing_it_leaves_the_environment_as_it_was(plain):
    assert said(IMPORT) == {}


def test_a_start_leaves_the_environment_as_it_was_and_listens_on_loopback_alone(plain):
    changes, listening, mode = said(START)
    assert changes == {}
    assert listening and all(address.rpartition(":")[2].startswith("127.") for address in listening), listening
    assert mode == "token"  # Ray's own processes did inherit it


def test_a_token_is_there_while_the_block_runs_and_gone_after_it_also_after_an_error(plain):
    before = dict(os.environ)
    with pytest.raises(RuntimeError), ray_environment("cluster:6379", SecretStr("hush")):
        assert (os.environ["RAY_AUTH_TOKEN"], os.environ["RAY_AUTH_MODE"]) == ("hush", "token")
        os.environ["RAY_WHATEVER"] = "written by Ray itself"
        raise RuntimeError
    assert dict(os.environ) == before


def test_a_token_that_is_handed_over_comes_before_the_environment_s(plain):
    plain.setenv("RAY_AUTH_TOKEN", "of another cluster")
    with ray_environment("cluster:6379", None, Path("/place/token")):
        assert os.environ.get("RAY_AUTH_TOKEN") is None
        assert os.environ["RAY_AUTH_TOKEN_PATH"] == "/place/token"
    assert os.environ["RAY_AUTH_TOKEN"] == "of another cluster"
    assert "RAY_AUTH_TOKEN_PATH" not in os.environ


def test_without_a_token_the_environment_s_stays(plain):
    plain.setenv("RAY_AUTH_TOKEN", "mine")
    plain.setenv("RAY_AUTH_MODE", "disabled")
    with ray_environment(None):
        assert (os.environ["RAY_AUTH_TOKEN"], os.environ["RAY_AUTH_MODE"]) == ("mine", "disabled")


def test_keepalive_is_on_unless_the_environment_says_otherwise(plain):
    with ray_environment(None):
        assert os.environ[CLIENT_KEEPALIVE] == "2000"
        assert os.environ[SERVER_KEEPALIVE] == "2000"
    plain.setenv(SERVER_KEEPALIVE, "9000")
    with ray_environment(None):
        assert os.environ[SERVER_KEEPALIVE] == "9000"


def test_ray_reads_the_settings_of_this_start_and_not_those_of_the_first_one(plain):
    """Fails where Ray's private names are gone, or do something else."""
    assert said(TWICE) == [(1234, "a" * 32), (4321, "b" * 32)]


@pytest.mark.parametrize(
    ("address", "elsewhere"), [(None, False), ("auto", False), ("127.0.0.1:6379", False), ("head:6379", True)]
)
def test_loopback_is_enough_where_ray_runs_on_this_machine(plain, address, elsewhere):
    before = ray_constants.ENABLE_RAY_CLUSTER
    with ray_environment(address):
        assert elsewhere is ray_constants.ENABLE_RAY_CLUSTER
    assert before is ray_constants.ENABLE_RAY_CLUSTER


def test_an_environment_that_wants_every_interface_gets_them(plain):
    plain.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1")
    with ray_environment(None):
        assert ray_constants.ENABLE_RAY_CLUSTER is True
