"""Who hears the token, and which of the two kinds of error an answer is, or none; against real sockets."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest
from answering import small_server
from pydantic import SecretStr

from hpsearch.errors import ClusterError, ClusterUnavailable
from hpsearch.launch.jobs_http import JobsHttp

TOKEN = SecretStr("canary")


def ask(url, token=TOKEN, **options):
    return JobsHttp(url, token).ask("GET", "/api/version", **options)


@contextmanager
def raw_server(reply):
    """Answer every connection with these bytes and close it; None: never answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        connections = []

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                if reply is not None:
                    connection.recv(4096)
                    connection.sendall(reply)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for connection in connections:
            connection.close()


def test_the_token_goes_with_each_request_and_an_answer_tells_its_time():
    date = {"Date": "Thu, 01 Jan 1970 00:01:00 GMT"}
    with small_server(lambda *_: (200, b"{}", date)) as (url, requests):
        answer = ask(url)
    assert (answer.status, answer.body) == (200, b"{}")
    assert requests[0][2]["Authorization"] == "Bearer canary"


def test_without_a_token_nothing_is_said_of_one():
    with small_server(lambda *_: (200, b"{}")) as (url, requests):
        ask(url, None)
    assert "Authorization" not in requests[0][2]


@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_login_of_netrc_never_takes_the_tokens_place(tmp_path, monkeypatch, token):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with small_server(lambda *_: (200, b"{}")) as (url, requests):
        ask(url, token)
    assert requests[0][2].get("Authorization") == (token and "Bearer canary")


def test_no_proxy_of_the_environment_reads_the_token(monkeypatch):
    with small_server(lambda *_: (502, b"proxy")) as (proxy, overheard):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with small_server(lambda *_: (200, b"{}")) as (url, _):
            assert ask(url).status == 200
    assert overheard == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_the_token_stays_here(status):
    with small_server(lambda *_: (200, b"{}")) as (elsewhere, overheard):
        answer = (status, b"", {"Location": f"{elsewhere}/api/version"})
        with small_server(lambda *_: answer) as (url, _), pytest.raises(ClusterError) as refused:
            ask(url)
    assert overheard == [] and f"redirects elsewhere (HTTP status {status})" in str(refused.value)
    assert not isinstance(refused.value, ClusterUnavailable)


@pytest.mark.parametrize(
    ("status", "unavailable", "message"),
    [
        (401, False, "the token of Ray's Jobs API is missing; put it into RAY_AUTH_TOKEN_PATH"),
        (403, False, "the token of Ray's Jobs API is wrong; put it into RAY_AUTH_TOKEN_PATH"),
        (404, False, "must be Ray's Jobs API, but it knows no such page"),
        (400, False, "HTTP status 400: bad"),
        (500, True, "HTTP status 500: bad"),
        (502, True, "HTTP status 502: bad"),
        (503, True, "HTTP status 503: bad"),
        (504, True, "HTTP status 504: bad"),
    ],
)
def test_a_status_is_refused_or_worth_waiting(status, unavailable, message):
    with small_server(lambda *_: (status, b"a trace\nbad\n")) as (url, _), pytest.raises(ClusterError) as raised:
        ask(url)
    assert isinstance(raised.value, ClusterUnavailable) is unavailable
    assert str(raised.value).startswith(f"{url}: {message}") and "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "reply",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut"],
    ids=["closed", "cut off"],
)
def test_an_answer_that_breaks_off_is_worth_waiting(reply):
    with raw_server(reply) as url, pytest.raises(ClusterUnavailable, match=f"^{url}: Ray's Jobs API does not answer: "):
        ask(url)


def test_nobody_there_is_worth_waiting_and_said_in_one_line():
    with pytest.raises(ClusterUnavailable) as raised:
        ask("http://127.0.0.1:9")
    assert str(raised.value) == "http://127.0.0.1:9: Ray's Jobs API does not answer: Connection refused"


def test_a_name_that_nobody_knows_is_worth_waiting():
    with pytest.raises(ClusterUnavailable, match=r"^http://nosuch\.invalid: Ray's Jobs API does not answer: "):
        ask("http://nosuch.invalid")


def test_silence_is_waited_for_as_long_as_was_asked():
    with raw_server(None) as url:
        began = time.monotonic()
        with pytest.raises(ClusterUnavailable, match=r"does not answer: timed out$"):
            ask(url, seconds=0.2)
        assert 0.2 <= time.monotonic() - began < 5


def test_a_server_of_another_protocol_is_refused():
    with raw_server(b"\x00\x00\x06\x04\x00 settings of gRPC\r\n") as url, pytest.raises(ClusterError) as raised:
        ask(url)
    assert str(raised.value) == f"{url}: must be Ray's Jobs API, but another server answers there"
    assert not isinstance(raised.value, ClusterUnavailable)


def test_tls_where_there_is_none_is_refused_with_the_way_out():
    with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url, pytest.raises(ClusterError) as raised:
        ask(url.replace("http:", "https:"))
    assert not isinstance(raised.value, ClusterUnavailable)
    assert "no secure connection" in str(raised.value) and "SSL_CERT_FILE" in str(raised.value)


@pytest.mark.parametrize("url", ["http://a b", "http://", "http://127.0.0.1:99999"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ClusterError, match="cannot be read as a URL") as raised:
        ask(url)
    assert not isinstance(raised.value, ClusterUnavailable)


def test_a_clock_that_cannot_be_read_is_none():
    with raw_server(b"HTTP/1.1 200 OK\r\nDate: soon\r\nContent-Length: 2\r\n\r\n{}") as url:
        assert ask(url).date is None
