"""The security page, on real servers: who is let in, who is not, what listens where, and what no log may hold."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_stack import PASSWORD, TOKEN, descendants, end, plain_environment, start
from sample_specs import tiny

pytestmark = pytest.mark.cluster

LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
SAMPLE_TRAINERS = Path(__file__).parents[1] / "sample_trainers.py"


def answer(url, headers=(), method="GET"):
    request = urllib.request.Request(url, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", ["/api/jobs/", "/api/version", "/nodes?view=summary", "/api/v0/logs"])
def test_the_jobs_api_refuses_a_request_without_the_token_and_with_a_wrong_one(stack, path):
    assert answer(stack.jobs + path) == 401
    assert answer(stack.jobs + path, {"Authorization": "Bearer " + "0" * 32}) == 403


def test_the_jobs_api_runs_nothing_for_a_foreign_host_without_the_token(stack):
    assert answer(stack.jobs + "/api/jobs/", {"Host": "evil.example"}, "POST") == 401
    assert answer(stack.jobs + "/api/jobs/", {"Host": "evil.example", "Origin": "http://evil.example"}) == 401


def test_of_the_jobs_api_the_token_is_the_only_guard_whatever_the_host_is_called(stack):
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert answer(stack.jobs + "/api/jobs/", {"Host": "evil.example", **token}) == 200


@pytest.mark.parametrize("path", ["/version", "/api/2.0/mlflow/experiments/search?max_results=1", "/"])
def test_mlflow_refuses_a_request_without_its_password(stack, path):
    assert answer(stack.tracking + path) == 401


@pytest.mark.parametrize("host", ["evil.example", "10.evil.com", "127.0.0.1.evil.example:5000"])
def test_mlflow_refuses_a_foreign_host_header(stack, host):
    search = stack.tracking + "/api/2.0/mlflow/experiments/search?max_results=1"
    assert answer(search, {"Host": host, **basic("admin", PASSWORD)}) == 403
    assert answer(search, basic("admin", PASSWORD)) == 200


def basic(name, password):
    import base64

    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"RAY_AUTH_TOKEN_PATH": None}, "the token of Ray's Jobs API is missing"),
        ({"RAY_AUTH_TOKEN_PATH": None, "RAY_AUTH_TOKEN": "wrong"}, "the token of Ray's Jobs API is wrong"),
        ({"RAY_AUTH_TOKEN_PATH": "/nowhere/token"}, "RAY_AUTH_TOKEN_PATH: /nowhere/token: cannot be read"),
        ({"MLFLOW_TRACKING_USERNAME": None}, "MLflow's user name or password is missing"),
        ({"MLFLOW_TRACKING_PASSWORD": "wrong"}, "MLflow's user name or password is wrong"),
    ],
)
def test_a_missing_or_wrong_secret_is_one_line(client, write_spec, change, said):
    refused = client("launch", write_spec("refused"), **change)
    assert refused.returncode == 2
    assert said in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_every_port_of_the_cluster_listens_on_loopback(stack):
    addresses = listening([below for pid in stack.pids for below in descendants(pid)])
    assert addresses and addresses <= LOOPBACK


def test_every_port_of_the_ray_that_a_sweep_starts_on_this_machine_listens_on_loopback(tmp_path):
    (tmp_path / "user").mkdir()
    shutil.copy(SAMPLE_TRAINERS, tmp_path / "my_trainers.py")
    spec = tiny(trainer="my_trainers:Slow", settings={"epochs": 100, "pause": 0.3})
    (tmp_path / "sweep.yaml").write_text(json.dumps(spec))
    command = [sys.executable, "-m", "hpsearch", "run", "sweep.yaml", "--home", str(tmp_path / "home")]
    driver = start(command, plain_environment(tmp_path), tmp_path, tmp_path / "log")
    try:
        deadline = time.monotonic() + 120
        while not any("ray::Actor." in command_of(pid) for pid in descendants(driver.pid)):
            assert driver.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        programs = {pid: Path(command_of(pid).partition(" ")[0]).name for pid in descendants(driver.pid)}
        for program in ("gcs_server", "raylet"):
            addresses = listening([pid for pid, name in programs.items() if name == program])
            assert addresses and addresses <= LOOPBACK, program
        assert listening(programs) <= LOOPBACK
    finally:
        end(driver)


def test_no_secret_is_in_a_log_a_tag_a_process_list_or_an_error(client, write_spec, stack):
    with watched_commands() as lines:
        done = client("launch", write_spec("quiet", "Slow", settings={"epochs": 10, "pause": 0.1}), "--follow")
    assert done.returncode == 0
    for began in ("hpsearch.launch.driver run", "ray::Actor.", "hpsearch launch"):
        assert [line for line in lines if began in line], f"{began} was not seen while it ran"
    said = [done.stdout, done.stderr, client("doctor").stdout, client("trials", "quiet").stdout]
    said += [client("status", "quiet", "--json").stdout, client("launch", "sweep.yaml").stderr]
    logs = [path for place in (stack.ray_folder, stack.folder / "head") for path in place.rglob("*") if path.is_file()]
    logs += [stack.folder / "head.log", stack.folder / "mlflow.log", *(stack.folder / "home").rglob("*.json")]
    recorded = [stack.folder / "mlflow" / "mlflow.db", *(stack.folder / "mlflow" / "artifacts").rglob("*.json")]
    for secret in (PASSWORD, TOKEN):
        assert not [text for text in said if secret in text]
        assert not [line for line in lines if secret in line]
        assert not [str(path) for path in [*logs, *recorded] if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("address", ["http://me:canary@127.0.0.1:9", "https://canary@ray.example"])
@pytest.mark.parametrize("variable", ["HPSEARCH_RAY", "MLFLOW_TRACKING_URI"])
def test_a_password_in_an_address_is_refused_and_not_repeated(client, write_spec, variable, address):
    refused = client("launch", write_spec("refused"), **{variable: address})
    assert refused.returncode == 2
    assert "must hold no user name or password" in refused.stderr and "canary" not in refused.stderr


def test_the_password_of_an_unreachable_database_is_not_in_the_error(client, write_spec):
    pytest.importorskip("psycopg")
    for storage in ("study:canary-database@127.0.0.1:9/study", "127.0.0.1:9/study?user=study&password=canary-database"):
        refused = client("run", write_spec("refused"), "--here", HPSEARCH_STORAGE=f"postgresql+psycopg://{storage}")
        assert refused.returncode == 2, refused.stderr
        assert ("127.0.0.1:9" in refused.stderr) is ("@" in storage)  # else it is refused before anybody is asked
        assert "canary" not in refused.stderr + refused.stdout


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # it just ended


@contextmanager
def watched_commands():
    """Collect the command lines of every process on the machine, again and again while the block runs."""
    seen, over = set(), threading.Event()

    def watch():
        while not over.wait(0.05):
            seen.update(command_of(place.name) for place in Path("/proc").glob("[0-9]*"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def listening(pids):
    """Return the addresses on which any of the processes listens."""
    sockets = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets.add(str(handle.readlink()))
            except OSError:
                continue
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                host = bytes.fromhex(fields[1].partition(":")[0])
                words = b"".join(host[i : i + 4][::-1] for i in range(0, len(host), 4))
                found.add(socket.inet_ntop(family, words))
    return found
