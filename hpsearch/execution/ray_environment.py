"""Imports Ray and sets, for the moment of its start, what Ray reads from nowhere but the process's environment.

The only place of the library that writes `os.environ`, and it puts back exactly what was there, also what Ray itself
writes meanwhile. `ray_runtime` starts Ray within it; every other module of this room takes `ray` from here.

===============================  ======================================================================================
what Ray reads                   why nothing else carries it
===============================  ======================================================================================
RAY_AUTH_MODE, RAY_AUTH_TOKEN,   refused in `_system_config`; a `runtime_env` is logged in clear by Ray's agent, and
RAY_AUTH_TOKEN_PATH              reaches workers alone. Read by this driver and by every process that Ray starts here
RAY_grpc_*keepalive*             `_system_config` is refused by a driver that joins a cluster, which needs them as well
RAY_USAGE_STATS_ENABLED          no argument of `ray.init`
RAY_CLIENT_MODE,                 written by Ray, when it is imported and when it starts
PYTHONBREAKPOINT, OMP_*
===============================  ======================================================================================

Threads of workers need no variable here: the `runtime_env` of their actors sets them before their process begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

_WRITTEN_BY_RAY = ("PYTHONBREAKPOINT", "OMP_NUM_THREADS")  # besides those that begin with RAY_
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_TOKEN, _TOKEN_PATH, _MODE = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"
_LOOPBACK_ONLY = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # the name is historical
# A machine that froze or vanished is noticed within seconds. The nodes of a cluster want the same three.
_KEEPALIVE = {
    "RAY_grpc_client_keepalive_time_ms": "2000",
    "RAY_grpc_client_keepalive_timeout_ms": "3000",
    "RAY_grpc_keepalive_time_ms": "2000",
}


@contextmanager
def environment_restored() -> Iterator[None]:
    """Put back at the block's end what Ray reads or writes of the environment, and nothing else: threads may write."""
    before = _of_ray(os.environ)
    try:
        yield
    finally:
        for name in _of_ray(os.environ).keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _of_ray(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith("RAY_") or name in _WRITTEN_BY_RAY}


with environment_restored():
    import ray
    import ray.exceptions
    import ray.util.scheduling_strategies
    from ray._private import ray_constants
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

__all__ = ["environment_restored", "ray", "ray_environment"]


@contextmanager
def ray_environment(
    address: str | None, ray_token: SecretStr | None = None, ray_token_path: Path | None = None
) -> Iterator[None]:
    """Let Ray start with our settings while the block runs; what the environment says already comes first.

    Parameters
    ----------
    address : of the cluster that is joined, None for a Ray of this machine's own
    ray_token, ray_token_path : the cluster's token, or the file that holds it; either comes before the environment's
    """
    with environment_restored(), _loopback_only(address):
        _set_variables(ray_token, ray_token_path)
        if not ray.is_initialized():
            _forget_the_last_start()
        yield


def _set_variables(ray_token: SecretStr | None, ray_token_path: Path | None) -> None:
    for name, value in {"RAY_USAGE_STATS_ENABLED": "0", **_KEEPALIVE}.items():
        os.environ.setdefault(name, value)
    if ray_token is None and ray_token_path is None:
        return
    os.environ.setdefault(_MODE, "token")  # a driver that joins a cluster by its address does not set it by itself
    for name in (_TOKEN, _TOKEN_PATH):
        os.environ.pop(name, None)
    if ray_token is not None:
        os.environ[_TOKEN] = ray_token.get_secret_value()
    else:
        os.environ[_TOKEN_PATH] = str(ray_token_path)


def _forget_the_last_start() -> None:
    """Let Ray read the environment again: it keeps what it read at its first start, a token of another cluster, too.

    Private names of Ray: there is no public way. Without them a second start in one process sends the first one's
    token, or none, and is refused after a minute.
    """
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _loopback_only(address: str | None) -> Iterator[None]:
    """Let a Ray of this machine's own listen on loopback alone, and be found there.

    A private name of Ray: the variable that sets it is read when Ray is imported, which a notebook may have done long
    before; and it would hold for the next start, too, which may join a cluster elsewhere.
    """
    before = ray_constants.ENABLE_RAY_CLUSTER
    if _LOOPBACK_ONLY not in os.environ:
        ray_constants.ENABLE_RAY_CLUSTER = not _is_here(address)
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _is_here(address: str | None) -> bool:
    return not address or address.rpartition(":")[0] in ("", *_LOOPBACK)  # "auto" is found here as well
