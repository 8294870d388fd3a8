"""`ui`: a signal to the command ends the server, whatever that says to it, and nothing survives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from commands import environment
from processes import born, descendants, until

from hpsearch.cli import ui

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    print(os.getpid(), child, flush=True)
time.sleep(60)
"""


def answers(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
    except OSError:
        return False
    return True


def test_a_terminated_command_ends_mlflows_server_and_all_below_it(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hpsearch", "ui", "--port", str(port), "--home", str(home)]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    below = set()
    try:
        until(lambda: answers(port) or process.poll() is not None, 120, "no page")
        below = descendants(process.pid)
        assert below
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert not [pid for pid in below if born(pid) is not None]
        assert not answers(port)
    finally:
        process.kill()
        process.wait()
        for pid in below:
            if born(pid) is not None:
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_server_that_hears_no_signal_is_killed_with_its_children(addresses, monkeypatch, number, code):
    monkeypatch.setattr(ui, "_END_SECONDS", 0.2)
    pids, popen = [], subprocess.Popen

    def begin(*arguments, **options):
        process = popen(*arguments, stdout=subprocess.PIPE, text=True, **options)
        pids.extend(map(int, process.stdout.readline().split()))
        threading.Timer(0.05, os.kill, [os.getpid(), number]).start()
        return process

    monkeypatch.setattr(ui.subprocess, "Popen", begin)
    assert ui._serve([sys.executable, "-c", STUBBORN], addresses) == code
    assert len(pids) == 2
    until(lambda: not [pid for pid in pids if born(pid) is not None], 5, "one of both lives on")


@pytest.mark.parametrize(("ending", "code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137)])
def test_a_server_that_ends_by_itself_gives_its_code(addresses, ending, code):
    assert ui._serve([sys.executable, "-c", f"import os, sys; {ending}"], addresses) == code


def test_the_server_gets_its_variables_and_this_process_keeps_its_own(addresses, tmp_path):
    before = dict(os.environ)
    program = f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(os.environ['MLFLOW_DISABLE_TELEMETRY'])"
    assert ui._serve([sys.executable, "-c", program], addresses) == 0
    assert (tmp_path / "seen").read_text() == "true" and dict(os.environ) == before
