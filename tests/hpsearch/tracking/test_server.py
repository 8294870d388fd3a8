"""Whether an MLflow server is there is found out within seconds, and what else may be there is told apart."""

from __future__ import annotations

import http.server
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from hpsearch.errors import StoreError, StoreUnavailable
from hpsearch.tracking import open_store
from hpsearch.tracking.server.version import server_version


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


def test_the_version_is_asked_once_and_kept(open_server):
    version = server_version(open_server.url)
    assert re.fullmatch(r"3\.\d+.*", version) and open_store(open_server.url).version == version


def test_an_absent_server_is_found_out_at_once():
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"no MLflow server answers: .*refused; start it, or unset") as error:
        open_store("http://127.0.0.1:9")
    assert time.monotonic() - started < 5 and "\n" not in str(error.value)


def test_another_server_at_that_address_is_told_apart():
    for status in (200, 404):
        with (
            other_server(status, b"<html>hello</html>") as url,
            pytest.raises(StoreError, match="another one") as error,
        ):
            open_store(url)
        assert not isinstance(error.value, StoreUnavailable)


def test_a_server_that_is_not_up_yet_is_unavailable():
    with other_server(502, b"<html>Bad Gateway</html>") as url, pytest.raises(StoreUnavailable, match="status 502"):
        open_store(url)


def test_a_server_that_refuses_the_host_says_which_setting_names_it():
    with other_server(403, b"Invalid Host header") as url, pytest.raises(StoreError) as error:
        open_store(url)
    assert str(error.value).startswith(f"{url}: ") and "status 403" in str(error.value)
    assert "HPSEARCH_ALLOWED_HOSTS" in str(error.value) and "\n" not in str(error.value)


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


@pytest.mark.parametrize("address", ["http://127.0.0.1:50x0", "http://127.0.0.1:99999"])
def test_a_port_that_is_no_number_is_one_line(address):
    with pytest.raises(StoreError, match=rf"^{address}: must be http://HOST:PORT, its port a number") as error:
        server_version(address)
    assert not isinstance(error.value, StoreUnavailable)


def test_a_file_too_large_for_one_piece_comes_back_as_it_went(open_server, sweep, tmp_path):
    content = bytes(range(256)) * 4 * 1024 * 11  # 11 MiB
    (tmp_path / "large.bin").write_bytes(content)
    store = open_store(open_server.url)
    run = store.create_run(store.experiment(sweep), "r", {}, 1)
    store.put_file(run, tmp_path / "large.bin")
    assert store.fetch(run, "large.bin", tmp_path / "into").read_bytes() == content


def test_a_name_that_leads_out_of_the_folder_is_not_written(tmp_path):
    from hpsearch.tracking.server.artifacts import ServerFiles
    from hpsearch.tracking.server.link import Link

    for name in ("../a", "/etc/a", "a/../../b", "..\\\\a"):
        listing = b'{"files": [{"path": "%s", "is_dir": false}, {"path": "b"}]}' % name.encode()
        with other_server(200, listing) as url, pytest.raises(StoreError, match="leads out of its folder"):
            ServerFiles(url, Link(url)).fetch("mlflow-artifacts:/1/artifacts", "", tmp_path)
    assert list(tmp_path.iterdir()) == []
