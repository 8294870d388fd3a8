"""The stack for real: brought up, used from a container beside it, each service killed while a sweep runs.

The tests share one stack and run in their order.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hpsearch")]

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1800)]

TRIALS = 1000  # more than there is time for: it is resumed with a budget that was nearly met
SWEEP = {
    "name": "survivor",
    "trainer": "my_trainers:Slow",
    "data": {"dataset": "iris"},
    "space": {"x": {"low": 0.0, "high": 1.0}},
    "settings": {"epochs": 20, "pause": 0.2},
    "search": {"trials": TRIALS, "sampler": "random", "seed": 0},
    "workers": 3,
}
RECOMPUTE = """
import sys
from pathlib import Path
import numpy as np
from hpsearch.data.prepare import held_out, prepare
from hpsearch.spec import load_spec
from hpsearch.results.download import open_model
sys.path.insert(0, ".")
import my_trainers  # restores the model, which cannot have it imported by its own word
data, here = load_spec("sweep.yaml").spec.data, Path(".")
rows = held_out(data, here, prepare(data, here).fingerprint)
model = open_model("model", "")
print(float(np.mean(model.predict(rows.X) == np.asarray(model.classes)[rows.y])))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    import engine

    reason = engine.why_not()
    if reason is not None:
        pytest.skip(reason)
    image = "hpsearch:compose-test"
    engine.build(image)
    with engine.stack_of(tmp_path_factory.mktemp("compose"), image) as found:
        shutil.copy(HERE.parent / "hpsearch" / "sample_trainers.py", found.client_folder / "my_trainers.py")
        (found.client_folder / "sweep.yaml").write_text(json.dumps(SWEEP))
        yield found
    left = engine.say("docker", "ps", "-a", "-q", "--filter", f"name={found.project}")
    left += engine.say("docker", "volume", "ls", "-q", "--filter", f"name={found.project}")
    assert not left.strip(), "the stack left something behind"


def answer(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, ""


def test_only_two_ports_are_published_and_on_loopback_alone(stack):
    published = stack.published()
    assert sorted(port.rpartition("->")[2] for port in published) == ["5000/tcp", "8265/tcp"]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_mlflow_page_opens_with_the_password_alone(stack):
    url = f"http://127.0.0.1:{stack.port('mlflow', 5000)}/"
    login = base64.b64encode(f"admin:{stack.secrets['MLFLOW_ADMIN_PASSWORD']}".encode()).decode()
    assert answer(url)[0] == 401
    status, page = answer(url, Authorization=f"Basic {login}")
    assert status == 200 and "MLflow" in page
    assert answer(url, Authorization=f"Basic {login}", Host="evil.example")[0] == 403


def test_the_jobs_api_answers_with_the_token_alone(stack):
    url = f"http://127.0.0.1:{stack.port('ray-head', 8265)}/api/jobs/"
    assert answer(url)[0] == 401
    assert answer(url, Host="evil.example")[0] == 401
    assert answer(url, Authorization=f"Bearer {stack.secrets['RAY_TOKEN']}")[0] == 200


def test_the_doctor_finds_every_part_sound_from_a_container_beside_the_stack(stack):
    report = stack.client("hpsearch", "doctor", check=False)
    assert report.returncode == 0, report.stdout + report.stderr
    assert "PostgreSQL 15" in report.stdout and report.stdout.count("ok   worker") == 2


def test_a_sweep_survives_the_death_of_each_service_and_loses_no_trial(stack):
    stack.client("hpsearch", "launch", "sweep.yaml")
    from engine import wait_for

    wait_for(lambda: _lines(stack), 120)
    stack.compose("up", "-d", "--no-recreate", "--scale", "ray-worker=3")
    stack.until_healthy("ray-worker")
    wait_for(lambda: stack.client("hpsearch", "doctor", check=False).stdout.count("ok   worker") == 3, 60)
    for service in ("ray-worker", "mlflow", "postgres"):
        stack.kill(service)
        stack.until_healthy(service)
        before = len(_lines(stack))
        wait_for(lambda b=before: len(_lines(stack)) > b + 3, 120)

    stack.kill("ray-head")
    stack.until_healthy("ray-head", "ray-worker")
    wait_for(lambda: stack.client("hpsearch", "doctor", check=False).stdout.count("ok   worker") == 3, 240)
    left = stack.status("survivor")
    assert left["state"] == "interrupted"
    budget = sum(left["trials"].values()) + 20
    resumed = stack.client("hpsearch", "resume", "survivor", "--trials", str(budget), check=False, seconds=600)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert sum(stack.status("survivor")["trials"].values()) == budget
    compared = stack.client("hpsearch", "doctor", "survivor", check=False)
    assert compared.returncode == 0, compared.stdout


def _lines(stack):
    """Return the lines of trials that ended, as long as the driver is there to write more."""
    shown = stack.client("hpsearch", "logs", "survivor")
    assert "go on with it:" not in shown and "Traceback" not in shown, shown[-2000:]
    return [line for line in shown.splitlines() if line.startswith("trial ")]


def test_the_winner_is_fetched_and_its_test_accuracy_recomputes(stack):
    stack.client("hpsearch", "best", "survivor", "--download", "model")
    recorded = stack.status("survivor")["test"]["accuracy"]
    assert float(stack.client("python3", "-c", RECOMPUTE)) == recorded


def test_stop_ends_a_sweep_in_good_order_and_resume_goes_on(stack):
    stack.client("hpsearch", "launch", "sweep.yaml", "--set", "name=halted")
    from engine import wait_for

    wait_for(lambda: "trial " in stack.client("hpsearch", "logs", "halted"), 120)
    stack.client("hpsearch", "stop", "halted")
    status = stack.status("halted")
    assert status["state"] == "interrupted" and status["running"] == 0 and status["test"] is not None
    stack.client("hpsearch", "best", "halted", "--download", "so-far")  # the winner so far is registered
    budget = sum(status["trials"].values()) + 10  # more than were interrupted, so that none of those is left over
    assert stack.client("hpsearch", "resume", "halted", "--trials", str(budget), check=False).returncode == 0
    assert stack.client("hpsearch", "doctor", "halted", check=False).returncode == 0


def test_no_secret_is_in_a_log_a_command_or_a_record(stack):
    said = stack.compose("logs", "--no-color") + stack.client("hpsearch", "logs", "survivor", check=False).stdout
    ids = [
        container
        for service in ("postgres", "mlflow", "ray-head", "ray-worker")
        for container in stack.containers(service)
    ]
    from engine import say

    said += say("docker", "inspect", "-f", "{{.Path}} {{.Args}}", *ids)
    for container in ids:
        said += say("docker", "top", container, "-eo", "pid,args")
        said += say("docker", "exec", container, "sh", "-c", "cat /tmp/ray/session_*/logs/* 2>/dev/null || true")
    for database in ("mlflow", "study"):
        tables = ["--data-only", "--exclude-table=users", database]
        said += say(
            "docker",
            "exec",
            stack.containers("postgres")[0],
            "sh",
            "-c",
            f"PGPASSWORD=$POSTGRES_PASSWORD pg_dump -h 127.0.0.1 -U postgres {' '.join(tables)}",
        )
    for name, secret in stack.secrets.items():
        assert secret not in said, f"{name} is shown"
