"""`ui`: MLflow's pages on the home's store, for this machine only.

The server is a process of its own, with processes below it; none of them outlives the command.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses
from hpsearch.config.child_environment import child_environment
from hpsearch.console.interrupts import Interrupts
from hpsearch.errors import StoreError

HOST = "127.0.0.1"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 0.2
_END_SECONDS = 5.0  # within which the server answers what it was asked, before it is killed
# It serves pages: no jobs of MLflow's own, and no word to its makers.
_VARIABLES = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@options.home
def ui(port: int, home: str | None) -> None:
    """Serve the MLflow UI on the home's store; loopback only, until Ctrl-C."""
    addresses = Addresses.find(home)
    addresses.must_exist()
    if addresses.tracking.startswith("http"):
        click.echo(f"MLflow is served already: {addresses.tracking}")
        return
    _check_free(port)
    click.echo(f"http://{HOST}:{port}  (Ctrl-C ends it)", err=True)
    click.get_current_context().exit(_serve(_command(addresses, port), addresses))


def _command(addresses: Addresses, port: int) -> list[str]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    artifacts = (addresses.home / "artifacts").as_uri()
    command += ["--backend-store-uri", addresses.tracking, "--default-artifact-root", artifacts]
    return [*command, "--allowed-hosts", f"localhost:{port},{HOST}:{port}"]


def _serve(command: list[str], addresses: Addresses) -> int:
    """Run the server until it ends or a signal arrives; return the exit code."""
    interrupts = Interrupts()
    with interrupts.listening(lambda _: None, _SIGNALS):
        # A group of its own: Ctrl-C in a terminal arrives here alone, and what ends the group leaves nobody behind.
        server = subprocess.Popen(
            command, env=child_environment(_VARIABLES), cwd=addresses.home, start_new_session=True
        )
        try:
            while server.poll() is None and not interrupts.stop.wait(_POLL_SECONDS):
                pass
        finally:
            _end(server)
    if interrupts.stop.is_set():
        return 0 if interrupts.code == 128 + signal.SIGINT else interrupts.code
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and everything below it, which has its process group."""
    try:
        _signal(server, signal.SIGTERM)
        server.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(server, signal.SIGKILL)
        server.wait()


def _signal(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, number)


def _check_free(port: int) -> None:
    """Find a taken port out before a server half starts."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StoreError(f"--port {port}: cannot be used: {error.strerror}; choose another") from None


COMMANDS = (ui,)
