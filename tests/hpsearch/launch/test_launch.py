"""A sweep on a cluster, from a client that has two addresses: launch, follow, look, stop, resume."""

from __future__ import annotations

import json
import time

import pytest

pytestmark = pytest.mark.cluster

SLOW = {"settings": {"epochs": 10, "pause": 0.2}, "search__trials": 6}
LONG = {"settings": {"epochs": 20, "pause": 0.3}, "search__trials": 100}


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
    return found


def test_a_launched_sweep_is_followed_to_its_end_looked_at_and_its_model_fetched(client, write_spec):
    done = client("launch", write_spec("followed"), "--follow")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("trial ")]
    assert len(lines) == 5
    assert "followed\n  trials      5 complete" in done.stdout

    assert "followed" in client("list").stdout
    status = json.loads(client("status", "followed", "--json").stdout)
    assert status["state"] == "finished" and status["trials"]["complete"] == 5
    assert len(client("trials", "followed").stdout.splitlines()) == 6
    fetched = client("best", "followed", "--download", "model")
    assert fetched.returncode == 0 and (client.folder / "model").is_dir()

    printed = client("logs", "followed")
    assert [line for line in printed.stdout.splitlines() if line.startswith("trial ")] == lines
    compared = client("doctor", "followed")
    assert compared.returncode == 0 and "5 trials, each recorded once" in compared.stdout
    for command in ("logs", "stop", "resume"):
        answer = client(command, "folowed")
        assert answer.returncode == 2 and "did you mean 'followed'?" in answer.stderr, command


def test_a_table_beside_the_spec_travels_along_and_is_there_when_the_sweep_is_resumed(client, write_spec, stack):
    rows = [f"{kind}{row % 7},{row % 5},{kind}" for kind in (1, 2) for row in range(40)]
    (client.folder / "rows").mkdir()
    (client.folder / "rows" / "two.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n")
    data = {"path": "rows/two.csv", "label": "kind"}
    done = client("launch", write_spec("carried", data=data, search__trials=2), "--follow", "--json")
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    assert view["trials"]["complete"] == 2 and view["test"]["rows"] == 20
    kept = next((stack.folder / "home" / "luggage").glob("*/rows/two.csv"))
    assert kept.read_bytes() == (client.folder / "rows" / "two.csv").read_bytes()
    (client.folder / "rows" / "two.csv").unlink()
    resumed = client("resume", "carried", "--trials", "3")
    assert resumed.returncode == 0 and "3 complete" in resumed.stdout, resumed.stderr


def test_the_address_of_the_flag_comes_before_the_environments(client, write_spec, stack):
    spec = write_spec("addressed", search__trials=1)
    done = client("launch", spec, "--follow", "--address", f"{stack.jobs}/", HPSEARCH_RAY="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    logs = client("logs", "addressed", "--address", stack.jobs, HPSEARCH_RAY=None)
    assert logs.returncode == 0 and "trial    0" in logs.stdout


def test_a_driver_that_never_recorded_anything_ends_json_with_its_code_and_a_reason(client, write_spec):
    broken = {"data": {"path": "/nowhere/rows.csv", "label": "kind"}}  # the cluster's own: it alone can see
    done = client("launch", write_spec("unread", **broken), "--follow", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    told = "hpsearch: unread: its driver ended with exit code 2; nothing of it is in MLflow; read hpsearch logs unread"
    assert done.stderr.splitlines()[-1] == told and "/nowhere/rows.csv" in done.stderr


def test_launch_returns_at_once_and_a_second_launch_of_the_name_is_refused(client, write_spec):
    spec = write_spec("twice", "Slow", **SLOW)
    first = client("launch", spec, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["job"] == "hpsearch-twice-1"
    refusal = "hpsearch: twice: a sweep of that name exists; go on with it: hpsearch resume twice, or choose another\n"
    second = client("launch", spec)
    assert (second.returncode, second.stderr) == (2, refusal)
    followed = client("logs", "twice", "-f")
    assert followed.returncode == 0, followed.stdout
    after = client("launch", spec)  # the job has ended, MLflow remembers
    assert (after.returncode, after.stderr) == (2, refusal)


def test_a_stopped_sweep_has_recorded_what_there_is_and_resume_finishes_it(client, write_spec, stack):
    spec = write_spec("halted", "Slow", **LONG)
    assert client("launch", spec).returncode == 0
    wait_for(lambda: "trial    1" in client("logs", "halted").stdout)
    busy = client("resume", "halted")
    assert busy.returncode == 2 and "another driver is running this sweep: job hpsearch-halted-1" in busy.stderr

    stopped = client("stop", "halted")
    assert stopped.returncode == 0, stopped.stderr
    status = json.loads(client("status", "halted", "--json").stdout)
    assert status["state"] == "interrupted" and status["running"] == 0
    done = status["trials"]["complete"]
    assert 1 <= done < 100
    assert status["test"] is not None  # the winner so far was scored, and registered:
    fetched = client("best", "halted", "--download", "so-far")
    assert fetched.returncode == 0 and (client.folder / "so-far" / "MLmodel").is_file(), fetched.stderr
    followed = client("logs", "halted", "-f")
    assert followed.returncode == 143
    again = client("stop", "halted")
    assert again.returncode == 2 and "no driver of that sweep is running" in again.stderr

    resumed = client("resume", "halted", "--trials", str(done + 2))
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert f"{done + 2} complete" in resumed.stdout
    assert client("doctor", "halted").returncode == 0
    assert (stack.folder / "home" / "luggage").is_dir()


def test_run_goes_to_the_cluster_and_json_is_alone_on_stdout(client, write_spec):
    done = client("run", write_spec("ran"), "--json", "--set", "search.trials=3")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trials"]["complete"] == 3
    assert "trial    2" in done.stderr


def test_a_sweep_whose_trials_all_fail_ends_with_the_code_of_a_local_one(client, write_spec):
    done = client("launch", write_spec("failing", "Raising", search__trials=2), "--follow")
    assert done.returncode == 1
    assert "the moon is in the wrong phase" in done.stdout


def test_what_is_wrong_with_a_spec_is_said_before_anything_is_submitted(client, write_spec):
    wrong = client("launch", write_spec("wrong", "Quadratic", settings={"epoch": 5}))
    assert wrong.returncode == 2 and "no setting 'epoch'" in wrong.stderr
    assert "knows no job" in client("logs", "wrong").stderr


@pytest.mark.parametrize("command", [("launch", "sweep.yaml"), ("logs", "x"), ("stop", "x"), ("doctor",)])
def test_a_dead_address_is_found_within_ten_seconds_and_named(client, write_spec, command):
    write_spec("dead")
    began = time.monotonic()
    answer = client(*command, HPSEARCH_RAY="http://127.0.0.1:9")
    assert time.monotonic() - began < 10
    assert answer.returncode in (1, 2)
    assert "http://127.0.0.1:9: Ray's Jobs API does not answer" in answer.stdout + answer.stderr


def test_the_doctor_says_versions_clocks_and_room_of_every_part(client):
    report = client("doctor")
    assert report.returncode == 0, report.stdout + report.stderr
    parts = {line.split()[1] for line in report.stdout.splitlines()}
    assert {"client", "jobs", "mlflow", "head", "node", "study"} <= parts
    assert "clock" in report.stdout and "memory free" in report.stdout
    assert "hpsearch-probe" not in client("doctor").stdout


def test_the_doctor_says_what_to_do_about_a_dead_mlflow(client):
    report = client("doctor", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert report.returncode == 1
    line = next(line for line in report.stdout.splitlines() if "FAIL" in line)
    assert "mlflow" in line and "see whether it runs" in line
