"""A signal ends every wait of a command within a second, however long the cluster would let it wait."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "launch"))
from answering import small_server

from hpsearch.cli import main

JOB = {
    "submission_id": "hpsearch-tiny-1",
    "status": "RUNNING",
    "metadata": {"hpsearch.sweep": "tiny", "hpsearch.attempt": "1"},
}
ANSWERS = {
    "/api/version": {"ray_version": "2.60.0"},
    "/api/jobs/": [JOB],
    "/nodes?view=summary": {"data": {"summary": []}},
    "/api/jobs/hpsearch-tiny-1/stop": {},
    "/api/jobs/hpsearch-tiny-1/logs": {"logs": "Running entrypoint for job x: y\n" + "x" * 3 * 2**20},
}


@pytest.fixture(autouse=True)
def terminal():
    """Interrupts as in a terminal: a shell's background has them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ended(tmp_path, monkeypatch, capsys):
    """Send a signal as soon as `waits` is asked for; return the exit code and the seconds from signal to end."""

    def ended(number, waits, *arguments):
        begun, sent, over = [], [], threading.Event()

        def interrupt():
            time.sleep(0.2)  # for the command to be within its wait
            sent.append(time.monotonic())
            os.kill(os.getpid(), number)

        def answer(_, path):
            if re.fullmatch(waits, path) and not begun:
                begun.append(path)
                threading.Thread(target=interrupt).start()
            if path in ANSWERS:
                return 200, json.dumps(ANSWERS[path]).encode()
            if waits.endswith("/logs"):
                return 200, json.dumps(JOB).encode()
            over.wait(30)
            return 200, b"{}"

        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        with small_server(answer) as (url, _):
            monkeypatch.setenv("HPSEARCH_RAY", url)
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
            seconds = time.monotonic() - sent[0]
            over.set()
        return end.value.code, seconds, capsys.readouterr()

    return ended


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("waits", "arguments"),
    [
        ("/api/jobs/hpsearch-tiny-1", ("logs", "tiny", "-f")),
        ("/api/jobs/hpsearch-tiny-1/logs", ("logs", "tiny", "-f")),
        ("/api/jobs/hpsearch-tiny-1", ("stop", "tiny")),
        ("/api/jobs/hpsearch-probe-[0-9a-f]+", ("doctor",)),
    ],
    ids=["a head that is frozen", "between two looks at a long log", "stop", "doctor"],
)
def test_a_signal_ends_a_wait_within_a_second(ended, number, code, waits, arguments):
    exit_code, seconds, output = ended(number, waits, *arguments)
    assert exit_code == code and "Traceback" not in output.err
    assert seconds < 1
