"""A link hands on its own credentials and nobody else's, gives up within seconds, and tries nothing twice."""

from __future__ import annotations

import base64
import http.server
import os
import socket
import threading
import time
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from hpsearch.config.credentials import Credentials
from hpsearch.errors import StoreError, StoreUnavailable
from hpsearch.tracking.server import link as module
from hpsearch.tracking.server.link import Link


@contextmanager
def server(answer=b"{}", status=200, headers=(), seconds=0.0):
    """Answer every call in the same way and keep what came: the authorization, the body, the connection."""
    calls = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            length = int(self.headers.get("Content-Length", 0))
            calls.append((self.headers.get("Authorization"), self.rfile.read(length), self.client_address))
            time.sleep(seconds)
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(answer)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}", calls
    finally:
        running.shutdown()
        running.server_close()


def basic(name, password):
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def test_each_link_hands_on_its_own_credentials_also_side_by_side():
    names = [f"user{i}" for i in range(4)]
    with server() as (url, calls):
        links = [Link(url, Credentials(name, SecretStr(f"ü {name}"))) for name in names]

        def call(link):
            for _ in range(10):
                link.get("x")

        threads = [threading.Thread(target=call, args=(link,)) for link in links]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = [authorization for authorization, *_ in calls]
    assert {one: seen.count(one) for one in set(seen)} == {basic(name, f"ü {name}"): 10 for name in names}


def test_nothing_of_the_environment_or_netrc_is_sent(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "other")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "canary")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "canary")
    with server() as (url, calls):
        Link(url).get("x")
        Link(url, Credentials("me", SecretStr("mine"))).get("x")
    assert [authorization for authorization, *_ in calls] == [None, basic("me", "mine")]


def test_a_password_follows_no_redirection():
    with server() as (elsewhere, leaked), server(status=307, headers=[("Location", f"{elsewhere}/x")]) as (url, calls):
        with pytest.raises(StoreError, match="redirection") as error:
            Link(url, Credentials("me", SecretStr("mine"))).post("x", {})
        assert not isinstance(error.value, StoreUnavailable)
        assert len(calls) == 1 and leaked == []


def test_a_proxy_of_the_machine_is_used(monkeypatch):
    with server(b'{"by": "proxy"}') as (proxy, _):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        assert Link("http://mlflow.example").get("x") == {"by": "proxy"}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_no_call_is_tried_twice(status):
    with server(b"", status) as (url, calls):
        with pytest.raises(StoreUnavailable):
            Link(url).post("runs/create", {})
        assert len(calls) == 1


def test_a_server_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    with server(seconds=2) as (url, calls):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="no MLflow server answers"):
            Link(url).get("x")
        assert time.monotonic() - began < 1.5 and len(calls) == 1


def test_an_answer_that_breaks_off_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def half():
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")

        threading.Thread(target=half, daemon=True).start()
        with pytest.raises(StoreUnavailable):
            Link(f"http://127.0.0.1:{listening.getsockname()[1]}").get("x")


@pytest.mark.parametrize("answer", [b"<html>log in</html>", b"[1]"])
def test_an_answer_that_is_not_mlflows_is_refused(answer):
    with server(answer) as (url, _), pytest.raises(StoreError, match="must answer with") as error:
        Link(url).get("x")
    assert not isinstance(error.value, StoreUnavailable)


def test_calls_of_a_thread_share_a_connection_and_close_gives_it_back():
    with server() as (url, calls):
        link = Link(url)
        for _ in range(3):
            link.get("x")
        thread = threading.Thread(target=link.get, args=("x",))
        thread.start()
        thread.join()
        link.close()
        link.get("x")
        link.close()
    ports = [port for _, _, (_, port) in calls]
    assert ports[0] == ports[1] == ports[2] and len(set(ports)) == 3


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this system acknowledges as it likes")
def test_an_answer_in_two_parts_is_not_waited_for():
    """As uvicorn's own loop sends it: the second part leaves once the first was acknowledged."""
    parts = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"{}"]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def slow_server():
            connection, _ = listening.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
                while connection.recv(4000):
                    for part in parts:
                        connection.send(part)

        threading.Thread(target=slow_server, daemon=True).start()
        link = Link(f"http://127.0.0.1:{listening.getsockname()[1]}")
        link.get("x")
        times = []
        for _ in range(30):
            began = time.perf_counter()
            link.get("x")
            times.append(time.perf_counter() - began)
        link.close()
    assert sorted(times)[len(times) // 2] < 0.030, "the median call waited for a delayed acknowledgement (40 ms)"


def test_nothing_writes_the_environment(closed_server, admin, sweep, tmp_path):
    from hpsearch.tracking import open_store

    before = dict(os.environ)
    (tmp_path / "a.txt").write_text("a")
    store = open_store(closed_server.url, credentials=admin)
    run = store.create_run(store.experiment(sweep), "r", {}, 1)
    store.put_file(run, tmp_path / "a.txt")
    store.close()
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**before, "PYTEST_CURRENT_TEST": ""}
