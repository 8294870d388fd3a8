"""`ui`: MLflow's pages on the home's store, for this machine only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses
from hpsearch.errors import StoreError

HOST = "127.0.0.1"


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
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    artifacts = (addresses.home / "artifacts").as_uri()
    command += ["--backend-store-uri", addresses.tracking, "--default-artifact-root", artifacts]
    command += ["--allowed-hosts", f"localhost:{port},{HOST}:{port}"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    server = subprocess.Popen(command, env=environment, cwd=addresses.home)
    try:
        click.get_current_context().exit(server.wait())
    except KeyboardInterrupt:
        server.terminate()
        server.wait()


def _check_free(port: int) -> None:
    """Find a taken port out before a server half starts."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StoreError(f"--port {port}: cannot be used: {error.strerror}; choose another") from None


COMMANDS = (ui,)
