"""What the cluster says about itself from inside: a tiny job, ``python -m hpsearch.launch.probe``, run by `doctor`.

It prints one line of JSON: versions and clocks of the head, of one process on every node, and of PostgreSQL, and
whether MLflow answers from there.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hpsearch.config.addresses import Addresses, redact
from hpsearch.errors import HpsearchError

MARK = "hpsearch-probe "
PACKAGES = ("hpsearch", "ray", "numpy", "optuna", "mlflow")


def versions() -> dict[str, str]:
    """Return the versions that have to agree."""
    numbers = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            numbers[package] = "missing"
    return numbers


def about_this_process() -> dict[str, Any]:
    """Return versions, clock and host."""
    return {"host": platform.node(), "versions": versions(), "time": time.time()}


def main() -> None:
    """Ask everything and print the line."""
    try:
        addresses = Addresses.find()
        answers = {"head": about_this_process(), "nodes": _nodes(addresses), "mlflow": _mlflow(addresses)}
        answers["study"] = _study(addresses)
    except (HpsearchError, OSError) as error:
        sys.exit(f"hpsearch: {error}")
    print(MARK + json.dumps(answers), flush=True)


def _nodes(addresses: Addresses) -> list[dict[str, Any]]:
    from hpsearch.execution import ray_nodes, ray_runtime

    ray_runtime.start(1, 1, False, addresses.ray, None, addresses.ray_token, addresses.ray_token_path)
    try:
        return ray_nodes.ask_every_node(about_this_process, seconds=15)
    finally:
        ray_runtime.stop()


def _mlflow(addresses: Addresses) -> dict[str, Any]:
    from hpsearch.tracking import open_store_at

    try:
        open_store_at(addresses)
    except HpsearchError as error:
        return {"error": str(error)}
    return {"address": addresses.tracking}


def _study(addresses: Addresses) -> dict[str, Any]:
    """Return the database's version and clock; its address, which may hold a password, stays where it is."""
    import sqlalchemy

    try:
        url = sqlalchemy.make_url(addresses.storage)
        waiting = {"connect_timeout": 5} if url.get_backend_name() == "postgresql" else {}
        with sqlalchemy.create_engine(url, connect_args=waiting).connect() as connection:
            if not waiting:
                return {"version": f"SQLite {connection.scalar(sqlalchemy.text('select sqlite_version()'))}"}
            server = connection.scalar(sqlalchemy.text("select version()"))
            before = time.time()
            clock = float(connection.scalar(sqlalchemy.text("select extract(epoch from clock_timestamp())")) or 0)
            skew = clock - (before + time.time()) / 2
            return {"version": " ".join(str(server).split()[:2]), "skew": skew}
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        return {"error": f"{redact(addresses.storage)}: {_first_line(error)}"}


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


if __name__ == "__main__":
    main()
