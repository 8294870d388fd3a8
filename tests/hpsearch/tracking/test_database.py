"""What a database alone does: files in the home, write-ahead mode, connections that are given back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from hpsearch.tracking import open_store


@pytest.fixture
def store(home):
    return open_store(f"sqlite:///{home / 'mlflow.db'}", home)


def test_files_lie_in_the_home_or_beside_the_database(store, home):
    run = store.run(store.create_run(store.experiment("mine"), "r", {}, 1))
    assert run.artifacts.startswith(str(home / "artifacts"))
    beside = open_store(f"sqlite:///{home / 'mlflow.db'}")
    assert beside.run(beside.create_run(beside.experiment("too"), "r", {}, 1)).artifacts.startswith(str(home))


def test_an_experiment_is_the_same_to_every_store_of_the_address(store, home):
    assert store.experiment("mine") == open_store(f"sqlite:///{home / 'mlflow.db'}", home).experiment("mine")


def test_the_page_can_read_while_a_sweep_writes(store, home):
    with sqlite3.connect(home / "mlflow.db") as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_close_gives_every_idle_connection_back_and_the_store_goes_on(store):
    """Breaks where MLflow keeps its engines under another name."""
    experiment = store.experiment("mine")
    engine = SqlAlchemyStore._engine_map[store.uri]
    assert isinstance(engine, sqlalchemy.Engine) and engine.pool.checkedin() > 0
    store.close()
    assert engine.pool.checkedin() == 0
    assert store.experiment("mine") == experiment


OPENED = """
import os, sys
before = dict(os.environ)
from hpsearch.tracking import open_store
store = open_store(sys.argv[1])
run = store.create_run(store.experiment("x"), "r", {}, 1)
store.write(run, [("loss", 1.0, 1, 1)], {"a": "b"}, {"c": "d"})
store.end_run(run, "FINISHED")
import mlflow.telemetry
from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
changed = {name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name)}
print(sorted(changed), mlflow.telemetry.get_telemetry_client())
print(MLFLOW_DISABLE_TELEMETRY.get(), MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.get())
"""


def opened(home, **changes):
    unset = {"PYTEST_CURRENT_TEST", "CI", "DO_NOT_TRACK", *(name for name in os.environ if name.startswith("MLFLOW_"))}
    env = {name: value for name, value in os.environ.items() if name not in unset}
    command = [sys.executable, "-c", OPENED, f"sqlite:///{home / 'mlflow.db'}"]
    env |= {"XDG_CONFIG_HOME": str(home), "PYTHONWARNINGS": "ignore", **changes}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=120)


def test_the_environment_is_not_written_and_nothing_is_sent_or_printed(home):
    done = opened(home)
    assert done.stdout.splitlines() == ["[] None", "True False"]
    assert "View run" not in done.stdout + done.stderr


def test_a_variable_that_somebody_set_still_counts(home):
    done = opened(home, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="true", MLFLOW_DISABLE_TELEMETRY="true")
    assert done.stdout.splitlines() == ["[] None", "True True"]
