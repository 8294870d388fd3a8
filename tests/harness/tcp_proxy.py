"""A TCP proxy before an HTTP server, with links that are slow, cut an upload, or lose an answer.

Rules match the request line, ``POST /api/2.0/mlflow/runs/create``. One thread a connection; plain bytes, both ways.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

_REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.[01]\r\n")
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Rule:
    """What happens to requests whose line matches: lose the answer, cut the request, answer 500, or wait."""

    matches: str
    how: str
    times: float = float("inf")
    seconds: float = 0.0
    hits: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def takes(self, line: str) -> bool:
        with self.lock:
            if self.hits >= self.times or not re.search(self.matches, line):
                return False
            self.hits += 1
            return True


class Proxy:
    """Listens on a port of its own and speaks to `target` on loopback."""

    def __init__(self, target: int) -> None:
        self.rules: list[Rule] = []
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def add(self, matches: str, how: str, times: float = float("inf"), seconds: float = 0.0) -> Rule:
        self.rules.append(Rule(matches, how, times, seconds))
        return self.rules[-1]

    def heal(self) -> None:
        self.rules.clear()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._target)) as server:
            lost = threading.Event()
            threading.Thread(target=self._back, args=(server, client, lost), daemon=True).start()
            while data := client.recv(65536):
                line = _REQUEST.match(data)
                rule = self._rule(line) if line else None
                if rule is not None and rule.how == "wait":
                    time.sleep(rule.seconds)
                elif rule is not None and rule.how == "error":
                    client.sendall(_ERROR)
                    return
                elif rule is not None and rule.how == "cut":
                    lost.set()
                    _send_part(server, data, client)
                    return
                elif rule is not None:
                    lost.set()
                server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_WR)

    def _rule(self, line: re.Match[bytes]) -> Rule | None:
        text = f"{line[1].decode()} {line[2].decode()}"
        return next((rule for rule in self.rules if rule.takes(text)), None)

    def _back(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if lost.is_set():
                    break  # the server has done it, and nobody hears of that
                client.sendall(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _send_part(server: socket.socket, data: bytes, client: socket.socket) -> None:
    """Pass on the head and a few bytes of the body; then the caller hangs up on both."""
    head, end, body = data.partition(b"\r\n\r\n")
    server.sendall(head + end + (body or client.recv(65536))[:64])
