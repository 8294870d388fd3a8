"""Ray clusters for the tests: each with its own token, nodes that can be added, killed, frozen and thawed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from processes import Process, alive, children, kill, until

HERE = Path(__file__).parent


class RayNodes:
    """A cluster whose head has `cpus`; `env` is what a driver needs to join it."""

    def __init__(self, folder: Path, cpus: float, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        token = folder / "token"
        token.write_text("0123456789abcdef" * 4)
        token.chmod(0o600)
        auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
        self._answers = folder / "nodes.log"
        command = [sys.executable, str(HERE / "ray_nodes.py"), str(cpus)]
        self._read = 0
        self.process = Process(command, self._answers, {**auth, **quiet, **settings}, stdin=subprocess.PIPE)
        self.head = self._answer(60)
        self.address = self.head["address"]
        self.env = {**auth, "RAY_ADDRESS": self.address}

    def add(self, cpus: float) -> dict[str, Any]:
        return self._order(f"add {cpus}")

    def kill(self, node: dict[str, Any]) -> None:
        self._order(f"kill {node['index']}")

    def freeze(self, node: dict[str, Any]) -> list[int]:
        """Stop a node's raylet and every process below it; return them, for `thaw`."""
        stopped = [node["raylet"], *children(node["raylet"])]
        for pid in stopped:
            kill(pid, signal.SIGSTOP)
        return stopped

    def thaw(self, stopped: list[int]) -> None:
        for pid in stopped:
            kill(pid, signal.SIGCONT)

    def end(self) -> None:
        self.process.end()

    def _order(self, line: str) -> dict[str, Any]:
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self._answer(40)

    def _answer(self, seconds: float) -> dict[str, Any]:
        """Read the next line of JSON; whatever else Ray says is passed over."""

        def line() -> str | None:
            assert self.process.code is None, self.process.text()[-3000:]
            lines = [text for text in self.process.text().splitlines() if text.startswith("{")]
            return lines[self._read] if len(lines) > self._read else None

        found = until(line, seconds, lambda: self.process.text()[-3000:])
        self._read += 1
        answer: dict[str, Any] = json.loads(found)
        return answer


def ray_process(parent: int, name: str) -> int:
    """Return the id of the process of a driver's own Ray, found among its descendants by the name of its program."""

    def found() -> int | None:
        for pid in _descendants(parent):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words and os.path.basename(words[0].decode(errors="replace")) == name and alive(pid):  # noqa: PTH119
                return pid
        return None

    return int(until(found, 20, f"no {name} below {parent}"))


def _descendants(parent: int) -> list[int]:
    direct = children(parent)
    return direct + [below for child in direct for below in _descendants(child)]
