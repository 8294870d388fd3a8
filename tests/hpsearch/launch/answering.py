"""Stand-ins for Ray's Jobs API: answers without a socket, and a server on loopback that answers as a test says."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hpsearch.launch.jobs_http import Answer, JobsHttp


class Answering(JobsHttp):
    """Gives these answers one after the other, the last one for ever; keeps what was asked in `requests`."""

    def __init__(self, *answers):
        super().__init__("http://cluster", None)
        self.answers, self.requests = [Answer(status, body.encode()) for status, body in answers], []

    def _send(self, method, path, *_):
        self.requests.append((method, path))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def small_server(answer):
    """Serve while the block runs; `answer(method, path)` returns status, body and, where wanted, headers."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            length = int(self.headers.get("Content-Length") or 0)
            requests.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, body, *headers = answer(self.command, self.path)
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            with suppress(ConnectionError):  # who asked may have gone
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = reply  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
