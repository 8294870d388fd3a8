"""MLflow on SQLite: what is written twice stands there once, what is asked for is found, errors are one line."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from hpsearch.errors import StoreError, UnknownSweep
from hpsearch.tracking.store import Store, server_version


@pytest.fixture
def store(addresses):
    return Store(addresses.tracking, addresses.home)


@pytest.fixture
def experiment(store):
    return store.experiment("hpsearch")


@pytest.fixture
def run(store, experiment):
    return store.create_run(experiment, "trial-0001", {"hpsearch.kind": "trial"}, 1000)


def test_an_experiment_is_made_once_and_keeps_its_artifacts_in_the_home(store, addresses):
    first = store.experiment("mine")
    assert store.experiment("mine") == first == Store(addresses.tracking, addresses.home).experiment("mine")
    run = store.run(store.create_run(first, "r", {}, 1))
    assert str(addresses.home / "artifacts") in run.artifacts


def test_a_run_is_read_back_with_all_that_was_written(store, run, experiment):
    store.write(run, [("loss", 0.5, 1001, 1), ("loss", 0.25, 1002, 2)], {"x": "0.1"}, {"note": "ü"})
    store.end_run(run, "FINISHED", 3000)
    view = store.run(run)
    assert (view.name, view.status, view.params, view.metrics) == (
        "trial-0001",
        "FINISHED",
        {"x": "0.1"},
        {"loss": 0.25},
    )
    assert (view.started_ms, view.ended_ms, view.tags["note"]) == (1000, 3000, "ü")
    child = store.create_run(experiment, "child", {}, 1, parent=run)
    assert store.run(child).tags["mlflow.parentRunId"] == run


def test_writing_the_same_twice_stores_it_once(store, run):
    points = [("loss", 0.5 / step, 1000 + step, step) for step in range(1, 5)]
    for _ in range(3):
        store.write(run, points, {"x": "0.1"}, {"t": "1"})
    assert store.history(run, "loss") == [(step, 0.5 / step) for step in range(1, 5)]


def test_more_points_parameters_and_tags_than_one_call_takes_are_all_written(store, run):
    points = [("loss", float(step), 1000 + step, step) for step in range(2500)]
    store.write(run, points, {f"p{i}": str(i) for i in range(250)}, {f"t{i}": str(i) for i in range(230)})
    view = store.run(run)
    assert len(store.history(run, "loss")) == 2500
    assert len(view.params) == 250 and sum(name.startswith("t") for name in view.tags) == 230


def test_many_parameters_with_few_points_are_all_written(store, run):
    store.write(run, [("loss", 0.5, 1000, 1)], {f"p{i}": str(i) for i in range(150)})
    assert len(store.run(run).params) == 150


def test_a_value_too_long_for_a_tag_is_cut_and_not_refused(store, run):
    store.write(run, tags={"reason": "x" * 20_000})
    assert len(store.run(run).tags["reason"]) == 8000


def test_a_closed_run_can_be_opened_again(store, run):
    store.end_run(run, "KILLED")
    store.reopen_run(run)
    assert store.run(run).status == "RUNNING"


def test_files_come_back_as_they_went(store, run, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    store.put_file(run, tmp_path / "folder" / "a.txt")
    store.put_folder(run, tmp_path / "folder", "deep")
    (tmp_path / "into").mkdir()
    assert store.fetch(run, "a.txt", tmp_path / "into").read_text() == "a"
    assert (store.fetch(run, "deep", tmp_path / "into") / "a.txt").read_text() == "a"


def test_a_missing_file_or_run_is_one_line(store, run, tmp_path):
    for work in (lambda: store.fetch(run, "none.txt", tmp_path), lambda: store.run("0" * 32)):
        with pytest.raises(StoreError) as caught:
            work()
        assert "\n" not in str(caught.value)


def test_runs_are_found_by_all_their_tags_and_page_after_page(store, experiment, monkeypatch):
    other = store.experiment("other")
    ids = [
        store.create_run(experiment, f"r{i}", {"hpsearch.sweep": "a" if i % 2 else "b", "n": str(i)}, i)
        for i in range(7)
    ]
    elsewhere = store.create_run(other, "r", {"hpsearch.sweep": "a"}, 99)
    search = store._client.search_runs
    monkeypatch.setattr(store._client, "search_runs", lambda *a, **k: search(*a, **{**k, "max_results": 2}))
    assert {run.run_id for run in store.find_runs({"hpsearch.sweep": "a"}, experiment)} == {ids[1], ids[3], ids[5]}
    assert {r.run_id for r in store.find_runs({"hpsearch.sweep": "a"})} == {ids[1], ids[3], ids[5], elsewhere}
    assert [r.run_id for r in store.find_runs({"hpsearch.sweep": "a", "n": "3"})] == [ids[3]]
    assert list(store.find_runs({"hpsearch.sweep": "c"})) == []


def test_a_file_that_is_no_database_is_one_line_with_its_path(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"neither here nor there, and long enough to be a header" * 20)
    with pytest.raises(StoreError, match=r"mlflow\.db.*file is not a database") as caught:
        Store(f"sqlite:///{tmp_path / 'mlflow.db'}").experiment("a")
    assert "\n" not in str(caught.value)


def test_a_database_in_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(StoreError, match="unable to open database file"):
        Store(f"sqlite:///{tmp_path}/none/mlflow.db").experiment("a")


def test_an_absent_server_is_found_out_at_once():
    started = time.monotonic()
    with pytest.raises(StoreError, match="no MLflow server answers") as caught:
        Store("http://127.0.0.1:9").experiment("a")
    assert time.monotonic() - started < 5 and "\n" not in str(caught.value)


@contextmanager
def other_server(status, said):
    """Answer everything on a port of one's own in the same way."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_another_server_at_that_address_is_told_apart():
    with (
        other_server(200, b"<html>hello</html>") as url,
        pytest.raises(StoreError, match="must be an MLflow server, but another one answers there"),
    ):
        Store(url).experiment("a")


def test_a_server_that_refuses_the_host_says_which_setting_names_it():
    with other_server(403, b"Invalid Host header") as url, pytest.raises(StoreError) as caught:
        Store(url).experiment("a")
    assert str(caught.value).startswith(f"{url}: ") and "status 403" in str(caught.value)
    assert "HPSEARCH_ALLOWED_HOSTS" in str(caught.value) and "\n" not in str(caught.value)


def test_a_port_where_something_else_than_http_is_spoken_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=greet, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(StoreError, match=rf"^{url}: no MLflow server answers: SSH-2.0-OpenSSH"):
            server_version(url)


def greet(server):
    """Speak first, as an SSH server does."""
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        connection.recv(1000)


def test_a_port_that_is_no_number_is_one_line():
    with pytest.raises(StoreError, match=r"^http://127.0.0.1:50x0: no MLflow server answers: nonnumeric port: '50x0'"):
        server_version("http://127.0.0.1:50x0")


@pytest.mark.parametrize(
    "uri", ["models:/none@champion", "models:/none/3", f"runs:/{'0' * 32}/model", "models:/a", "x"]
)
def test_an_address_without_a_model_is_told_so(store, tmp_path, uri):
    with pytest.raises(UnknownSweep) as caught:
        store.download_model(uri, tmp_path)
    assert str(caught.value).startswith(uri) and "\n" not in str(caught.value)
