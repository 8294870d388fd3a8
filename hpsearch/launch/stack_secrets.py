"""The passwords and the token of a stack: made at random, written for this user alone, never over what is there.

`.env` is what Docker Compose reads; `hpsearch.toml` beside it lets a client in the same folder reach the stack.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hpsearch.config.settings import FILE
from hpsearch.errors import SettingsError

ENV = ".env"
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
_SECRETS = ("POSTGRES_PASSWORD", "STUDY_PASSWORD", "MLFLOW_PASSWORD", "MLFLOW_ADMIN_PASSWORD", "MLFLOW_SECRET_KEY")
_TEXT = """\
# Written by hpsearch init-stack. Secrets: readable by you alone, never to be committed.
# RAY_TOKEN is the right to run code on the cluster.
{secrets}

# Where the two ports listen. Anything but 127.0.0.1 lets the network try the token: the Jobs API runs code.
HPSEARCH_LISTEN={listen}
# The hosts that clients elsewhere ask MLflow for, each as NAME,NAME:*; it refuses every other one with status 403.
{hosts}

# Artifacts: a folder on the volume, or s3://bucket/path (then fill in the keys; the endpoint where it is not Amazon's).
#HPSEARCH_ARTIFACTS=s3://bucket/path
#AWS_ACCESS_KEY_ID=
#AWS_SECRET_ACCESS_KEY=
#AWS_DEFAULT_REGION=
#MLFLOW_S3_ENDPOINT_URL=

# What a worker gets; how many there are says --scale ray-worker=N.
#HPSEARCH_WORKER_CPUS=1
#HPSEARCH_WORKER_MEMORY=3g
"""
_CLIENT = """\
# Written by hpsearch init-stack: how a client in this folder reaches the stack. Secrets: readable by you alone.
ray = "http://{here}:8265"
tracking = "http://{here}:5000"
ray_token = "{RAY_TOKEN}"
tracking_username = "admin"
tracking_password = "{MLFLOW_ADMIN_PASSWORD}"
"""


def write_secrets(folder: Path, listen: str, hosts: Iterable[str] = ()) -> list[Path]:
    """Write the two files into `folder`.

    Parameters
    ----------
    listen : address on which the two ports are published
    hosts : names and addresses under which clients elsewhere ask for MLflow

    Raises
    ------
    SettingsError
        If one of them is there already, or cannot be written.
    """
    values = {name: secrets.token_urlsafe(32) for name in (*_SECRETS, "RAY_TOKEN")}
    lines = "\n".join(f"{name}={value}" for name, value in values.items())
    here = LOOPBACK if listen == EVERYWHERE else listen
    texts = {
        folder / ENV: _TEXT.format(secrets=lines, listen=listen, hosts=_allowed(hosts)),
        folder / FILE: _CLIENT.format(here=here, **values),
    }
    existing = [path for path in texts if path.exists()]
    if existing:
        raise SettingsError(
            f"{existing[0]}: is there already and is not overwritten; the stack's volumes know its secrets"
        )
    for path, text in texts.items():
        _write_private(path, text)
    return list(texts)


def hosts_of(listen: str) -> list[str]:
    """Return under which names and addresses this machine is asked for, where the ports are published on `listen`."""
    if listen == LOOPBACK:
        return []
    names = [socket.gethostname(), socket.getfqdn()]
    addresses = _addresses() if listen == EVERYWHERE else [listen]
    hosts = dict.fromkeys(one.lower() for one in (*names, *addresses))  # as clients write it
    return [one for one in hosts if not one.startswith(("localhost", "127."))]


def _addresses() -> list[str]:
    """Return the addresses that this machine's name stands for, and the one it is seen by."""
    addresses = []
    with suppress(OSError):
        addresses += socket.gethostbyname_ex(socket.gethostname())[2]
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for examples: only the route is looked up, nothing is sent
        addresses.append(probe.getsockname()[0])
    return addresses


def _allowed(hosts: Iterable[str]) -> str:
    """Return the line of `.env`; a host without its port is what comes through TLS on port 443."""
    forms = [form for host in hosts for form in (host, f"{host}:*")]
    return f"{'' if forms else '#'}HPSEARCH_ALLOWED_HOSTS={','.join(forms)}"


def _write_private(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
