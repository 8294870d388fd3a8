"""What is refused is said at once with the way out; what is unavailable is worth another try: told apart once."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import contextmanager

import pytest
import requests
import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INTERNAL_ERROR, INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from mlflow.tracking import MlflowClient
from pydantic import SecretStr

from hpsearch.config.credentials import Credentials
from hpsearch.errors import StoreError, StoreUnavailable, UnknownSweep
from hpsearch.locking.retry import with_retry
from hpsearch.tracking import open_store
from hpsearch.tracking.errors import engine_errors, from_answer, from_engine


def said_at_once(work):
    """Return the message of a refusal, which no patience repeats."""
    tries = []

    def once():
        tries.append(1)
        return work()

    with pytest.raises(StoreError) as error:
        with_retry(once, 300)
    assert len(tries) == 1 and not isinstance(error.value, StoreUnavailable)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def sqlite(home):
    return open_store(f"sqlite:///{home / 'mlflow.db'}", home)


@contextmanager
def on_every_connection(statement):
    """Let SQLite itself refuse: `statement` is run on every connection that is taken from a pool from now on."""

    def checkout(connection, *_):
        if isinstance(getattr(connection, "driver_connection", connection), sqlite3.Connection):
            connection.execute(statement)

    sqlalchemy.event.listen(sqlalchemy.pool.Pool, "checkout", checkout)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.pool.Pool, "checkout", checkout)


# ---- a real database


def test_an_experiment_in_the_trash_is_said_at_once_with_the_way_out(sqlite):
    number = sqlite.experiment("x")
    MlflowClient(sqlite.uri).delete_experiment(number)
    message = said_at_once(lambda: sqlite.experiment("x"))
    assert "experiment 'x' is in MLflow's trash" in message
    assert f"mlflow experiments restore --experiment-id {number}" in message and "experiment:" in message
    assert "trash" in said_at_once(lambda: sqlite.create_run(number, "r", {}, 1))


def test_a_deleted_run_is_said_at_once(sqlite):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    sqlite.delete_run(run)
    assert "trash" in said_at_once(lambda: sqlite.write(run, tags={"a": "b"}))


def test_a_name_that_mlflow_does_not_take_is_said_at_once(sqlite):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    assert "learning%rate" in said_at_once(lambda: sqlite.write(run, params={"learning%rate": "1"}))
    said_at_once(lambda: sqlite.write(run, [("a" * 251, 1.0, 1, 1)]))


def test_a_full_disk_is_said_at_once(sqlite):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    points = [(f"metric {i}", 1.0, 1, step) for i in range(50) for step in range(100)]
    with on_every_connection("pragma max_page_count = 1"):
        assert "make room" in said_at_once(lambda: sqlite.write(run, points))
    sqlite.close()
    sqlite.write(run, points[:10])


def test_a_database_that_may_only_be_read_is_said_at_once(sqlite):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    with on_every_connection("pragma query_only = on"):
        assert "right to write" in said_at_once(lambda: sqlite.write(run, tags={"a": "b"}))
    sqlite.close()


def test_a_locked_database_is_worth_another_try(sqlite, home):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    sqlite.close()
    holding = sqlite3.connect(home / "mlflow.db")
    holding.execute("begin immediate")
    with sqlalchemy_without_patience(), pytest.raises(StoreUnavailable, match="database is locked"):
        sqlite.write(run, tags={"a": "b"})
    holding.rollback()
    holding.close()
    sqlite.write(run, tags={"a": "b"})


@contextmanager
def sqlalchemy_without_patience():
    """Let a lock be told after a moment: MLflow waits 20 s for one."""

    def shorter(connection, cursor, statement, parameters, *_):
        return statement.replace("busy_timeout = 20000", "busy_timeout = 20"), parameters

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", shorter, retval=True)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", shorter)


def test_a_file_that_is_no_database_is_said_at_once_with_its_path(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"neither here nor there, and long enough to be a header" * 20)
    message = said_at_once(lambda: open_store(f"sqlite:///{tmp_path / 'mlflow.db'}"))
    assert "mlflow.db" in message and "file is not a database" in message and "--home" in message


def test_a_database_in_a_folder_that_is_not_there_is_said_at_once(tmp_path):
    message = said_at_once(lambda: open_store(f"sqlite:///{tmp_path}/none/mlflow.db"))
    assert "unable to open database file" in message and "a folder on the way is missing" in message


def test_a_database_of_an_older_mlflow_is_said_at_once_with_the_command(home):
    with sqlite3.connect(home / "mlflow.db") as connection:
        connection.execute("update alembic_version set version_num = 'f5a4f2784254'")
    connection.close()
    assert "mlflow db upgrade" in said_at_once(lambda: open_store(f"sqlite:///{home / 'mlflow.db'}", home))


def test_an_artifact_that_is_no_file_is_said_at_once(sqlite, tmp_path):
    run = sqlite.create_run(sqlite.experiment("x"), "r", {}, 1)
    said_at_once(lambda: sqlite.put_file(run, tmp_path / "none.txt"))


@pytest.mark.slow
def test_a_database_server_that_is_away_is_unavailable_within_seconds_and_a_wrong_one_refused(postgres):
    import time

    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        open_store("postgresql+psycopg://postgres@127.0.0.1:9/none")
    assert time.monotonic() - began < 10
    assert "create it" in said_at_once(
        lambda: open_store(f"postgresql+psycopg://postgres@127.0.0.1:{postgres.port}/none")
    )


# ---- a real server


def test_a_servers_experiment_in_the_trash_is_said_at_once(open_server, sweep):
    store = open_store(open_server.url)
    number = store.experiment(sweep)
    answer = requests.post(
        f"{open_server.url}/api/2.0/mlflow/experiments/delete", json={"experiment_id": number}, timeout=30
    )
    assert answer.status_code == 200
    assert f"restore --experiment-id {number}" in said_at_once(lambda: store.experiment(sweep))
    assert "trash" in said_at_once(lambda: store.create_run(number, "r", {}, 1))


@pytest.mark.slow
def test_a_wrong_and_a_missing_password_are_said_at_once(closed_server):
    wrong = Credentials("admin", SecretStr("not it"))
    assert "password is wrong" in said_at_once(lambda: open_store(closed_server.url, credentials=wrong))
    assert "password is missing" in said_at_once(lambda: open_store(closed_server.url))


def test_a_permission_that_was_taken_away_is_said_at_once(closed_server, admin, sweep):
    name, password = f"reader {sweep}", "a reader's password"
    answer = requests.post(
        f"{closed_server.url}/api/2.0/mlflow/users/create",
        json={"username": name, "password": password},
        auth=("admin", admin.password.get_secret_value()),
        timeout=60,
    )
    assert answer.status_code == 200
    owner, reader = open_store(closed_server.url, credentials=admin), Credentials(name, SecretStr(password))
    run = owner.create_run(owner.experiment(sweep), "r", {}, 1)
    theirs = open_store(closed_server.url, credentials=reader)
    assert theirs.run(run).name == "r"
    message = said_at_once(lambda: theirs.write(run, tags={"a": "b"}))
    assert "status 403" in message and name in message and password not in message


# ---- answers that no server here gives at will


def text(code, message):
    return json.dumps({"error_code": code, "message": message})


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (502, "<html>\n<h1>Bad Gateway</h1></html>"),
        (503, text("TEMPORARILY_UNAVAILABLE", "(sqlite3.OperationalError) database is locked")),
        (500, text("INTERNAL_ERROR", "connection pool is exhausted")),
        (504, ""),
        (429, text("REQUEST_LIMIT_EXCEEDED", "slow down")),
        (429, ""),
        (408, ""),
    ],
)
def test_an_answer_that_another_try_may_change_is_unavailable(status, body):
    error = from_answer("http://h", status, body, None)
    assert isinstance(error, StoreUnavailable) and "\n" not in str(error) and str(error).startswith("http://h: ")


@pytest.mark.parametrize(
    ("status", "body", "way"),
    [
        (400, text("INVALID_PARAMETER_VALUE", "Invalid parameter name"), "Invalid parameter name"),
        (404, text("RESOURCE_DOES_NOT_EXIST", "No Run"), "No Run"),
        (500, text("INVALID_STATE", "x"), "refuses"),
        (501, "", "status 501"),
        (404, "not here", "status 404"),
        (307, "", "redirection"),
        (403, "Permission denied", "its administrator grants"),
        (403, "Invalid Host header", "--allowed-hosts"),
        (401, "", "password is wrong"),
        (503, text("TEMPORARILY_UNAVAILABLE", "(sqlite3.OperationalError) database or disk is full"), "make room"),
        (503, text("TEMPORARILY_UNAVAILABLE", "attempt to write a readonly database"), "right to write"),
        (500, text("INTERNAL_ERROR", "OSError: [Errno 28] No space left on device: '/x'"), "make room"),
        (500, text("INTERNAL_ERROR", "[Errno 13] Permission denied: '/mlartifacts'"), "closed to the user"),
    ],
)
def test_an_answer_that_waiting_does_not_change_is_refused(status, body, way):
    error = from_answer("http://h", status, body, "me")
    assert not isinstance(error, StoreUnavailable) and way in str(error) and "\n" not in str(error)


def raised(error, cause=None):
    """Return an exception as it comes out of an engine."""
    try:
        raise error from cause
    except Exception as caught:
        return caught


class Answered(Exception):
    """An object store's error: it carries the answer."""

    def __init__(self, status):
        super().__init__("An error occurred")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class DatabaseError(Exception):
    """A driver's error with a state of SQL."""

    def __init__(self, state):
        super().__init__("the driver says so")
        self.sqlstate = state


def of_driver(state):
    return sqlalchemy.exc.DBAPIError("select", {}, DatabaseError(state))


@pytest.mark.parametrize(
    "error",
    [
        raised(MlflowException("x", TEMPORARILY_UNAVAILABLE), of_driver("57P01")),
        raised(MlflowException("x", BAD_REQUEST), of_driver("08006")),
        raised(MlflowException("x", TEMPORARILY_UNAVAILABLE), of_driver(None)),
        raised(MlflowException("x", INTERNAL_ERROR), ConnectionResetError(errno.ECONNRESET, "reset")),
        MlflowException("The following failures occurred while downloading one or more artifacts from s3://b"),
        TimeoutError("timed out"),
        OSError(errno.EIO, "Input/output error"),
        Answered(503),
        raised(RuntimeError("upload failed"), Answered(500)),
    ],
)
def test_an_engine_that_may_answer_soon_is_unavailable(error):
    assert isinstance(from_engine("here", error), StoreUnavailable)


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("x", INVALID_PARAMETER_VALUE),
        raised(MlflowException("x", BAD_REQUEST), of_driver("23505")),
        raised(MlflowException("x", TEMPORARILY_UNAVAILABLE), of_driver("42501")),
        raised(MlflowException("x", INTERNAL_ERROR), KeyError("y")),
        MlflowException("x"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.ENOSPC, "No space left on device"),
        ImportError("No module named 'psycopg'"),
        Answered(403),
        raised(RuntimeError("upload failed"), Answered(404)),
    ],
)
def test_an_engine_that_will_never_answer_otherwise_refuses(error):
    assert not isinstance(from_engine("here", error), StoreUnavailable)


def test_our_own_errors_pass_unchanged():
    for error in (UnknownSweep("u"), StoreUnavailable("s")):
        with pytest.raises(type(error)) as caught, engine_errors("here"):
            raise error
        assert caught.value is error
