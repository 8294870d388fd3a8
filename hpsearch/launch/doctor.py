"""Examines a cluster from outside: reaches every part, compares versions and clocks, counts what is free.

One finding a line, each with what to do where something is wrong. A dead address costs five seconds, the probe inside
the cluster (`probe`) a minute at the most.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Iterator
from typing import Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import ClusterError, HpsearchError
from hpsearch.launch.jobs_api import Job, JobsApi, Submission
from hpsearch.launch.jobs_http import REACH_SECONDS
from hpsearch.launch.probe import MARK, versions
from hpsearch.launch.report import Finding, clock, same_versions
from hpsearch.locking.retry import Timer

PROBE_SECONDS = 60.0
_TIDY_SECONDS = 0.4  # for each of two requests where the user has ended the command: a signal ends it within a second
_CLOCK_RESOLUTION = 1.0  # an HTTP date has whole seconds
_FULL = 0.9
_FIGURES = ("hostname", "ip", "cpu", "mem")  # which a node's agent reports some seconds after it began


def examine(addresses: Addresses) -> Iterator[Finding]:
    """Yield the findings, in the order from here to the database."""
    here = versions()
    yield Finding("client", ", ".join(f"{name} {version}" for name, version in here.items()))
    api = None
    try:
        api = JobsApi.find(addresses)
        yield from _jobs_api(api)
    except HpsearchError as error:
        api = None
        yield Finding("jobs api", str(error), "see whether the head runs, and its address and token")
    yield _mlflow(addresses)
    if api is not None:
        yield from _nodes(api)
        yield from _inside(api, here)


def _jobs_api(api: JobsApi) -> Iterator[Finding]:
    before = time.time()
    ray, date = api.version()
    api.jobs()
    yield Finding("jobs api", f"{api.address}: ray {ray}")
    if date is not None:
        yield clock("jobs api", date + 0.5 - (before + time.time()) / 2, _CLOCK_RESOLUTION)


def _mlflow(addresses: Addresses) -> Finding:
    from hpsearch.tracking import open_store_at
    from hpsearch.tracking.schema import Kind, Tag
    from hpsearch.tracking.server.version import server_version

    try:
        store = open_store_at(addresses)
        next(store.find_runs({Tag.KIND: Kind.SWEEP}), None)
        version = server_version(addresses.tracking, addresses.credentials)
    except HpsearchError as error:
        return Finding("mlflow", str(error), "see whether it runs, and its address, user name and password")
    return Finding("mlflow", f"{addresses.tracking}: mlflow {version}")


def _nodes(api: JobsApi) -> Iterator[Finding]:
    """Say what every node has; a node without room is shown, a cluster without workers is wrong."""
    try:
        nodes = api.nodes()
    except HpsearchError as error:
        yield Finding("nodes", str(error), "look at the dashboard")
        return
    cpus = 0.0
    for node in sorted(nodes, key=lambda node: not node["raylet"].get("isHeadNode")):
        yield _room(node)
        cpus += node["raylet"].get("resourcesTotal", {}).get("CPU", 0.0)
    if cpus == 0:
        yield Finding("workers", "none", "start one: docker compose up -d --scale ray-worker=2")


def _room(node: dict[str, Any]) -> Finding:
    raylet = node["raylet"]
    part = "head" if raylet.get("isHeadNode") else "worker"
    cpus = raylet.get("resourcesTotal", {}).get("CPU", 0.0)
    if any(node.get(figure) is None for figure in _FIGURES):
        name = node.get("hostname") or raylet.get("nodeManagerHostname") or "a node"
        return Finding(part, f"{name}: {cpus:g} processors for trials, has not reported yet: ask again in a moment")
    memory, free = node["mem"][:2]
    detail = (
        f"{node['hostname']} ({node['ip']}): {cpus:g} processors for trials, {node['cpu']:g}% busy, "
        f"{free / 2**30:.1f} of {memory / 2**30:.1f} GiB memory free"
    )
    disk = (node.get("disk") or {}).get("/", {})
    full = disk.get("percent", 0) / 100
    detail += f", {disk['free'] / 2**30:.1f} GiB disk free" if disk else ""
    if free < (1 - _FULL) * memory:
        return Finding(part, detail, "its memory is nearly full: fewer workers a node, or more memory")
    return Finding(part, detail, "its disk is nearly full: make room" if full > _FULL else "")


def _inside(api: JobsApi, here: dict[str, str]) -> Iterator[Finding]:
    """Run the probe in the cluster and judge what it says."""
    try:
        answers, skew = _probe(api)
    except HpsearchError as error:
        yield Finding("probe", str(error), "look at the head's logs")
        return
    # A client sends no Python objects, so that its own Python and Ray may differ.
    yield same_versions("head", answers["head"]["versions"], {"hpsearch": here["hpsearch"]})
    for node in answers["nodes"]:
        part = f"node {node['host']}"
        if "error" in node:
            yield Finding(part, node["error"], "it takes no work: restart it, or free its processors")
            continue
        yield same_versions(part, node["versions"], answers["head"]["versions"])
        yield clock(part, node["skew"] + skew, _CLOCK_RESOLUTION)
    mlflow = answers["mlflow"]
    if "error" in mlflow:
        yield Finding("head to mlflow", mlflow["error"], "give the head the address and the password it needs")
    yield from _study(answers["study"], skew)


def _study(database: dict[str, Any], skew: float) -> Iterator[Finding]:
    if "error" in database:
        yield Finding("study", database["error"], "see whether PostgreSQL runs, and HPSEARCH_STORAGE of the head")
        return
    yield Finding("study", database["version"])
    if "skew" in database:
        yield clock("study", database["skew"] + skew, _CLOCK_RESOLUTION)


def _probe(api: JobsApi) -> tuple[dict[str, Any], float]:
    """Run the probe; return its answers and how far the head's clock is ahead of ours, to within a second."""
    job_id = f"hpsearch-probe-{secrets.token_hex(4)}"
    api.submit(Submission(job_id, "exec python -m hpsearch.launch.probe", None, {}, {}))
    try:
        job = _wait(api, job_id)
        log = api.logs(job_id)
    finally:
        ended = isinstance(sys.exception(), (KeyboardInterrupt, SystemExit))
        _tidy(api, job_id, _TIDY_SECONDS if ended else REACH_SECONDS)
    line = next((line for line in log.splitlines() if line.startswith(MARK)), None)
    if line is None:
        last = (log.strip() or job.message.strip() or job.status).splitlines()[-1]
        raise ClusterError(f"the probe job did not get through ({job.status.lower()}): {last[:300]}")
    before = time.time()
    _, date = api.version()
    skew = 0.0 if date is None else date + 0.5 - (before + time.time()) / 2
    return json.loads(line.removeprefix(MARK)), skew


def _wait(api: JobsApi, job_id: str) -> Job:
    timer = Timer()
    deadline = timer.now() + PROBE_SECONDS
    while not (job := api.job(job_id)).ended and timer.now() < deadline:
        timer.wait(0.5)
    return job


def _tidy(api: JobsApi, job_id: str, seconds: float) -> None:
    """Leave no probe on the list of jobs; one that hangs is stopped."""
    try:
        if not api.job(job_id, seconds).ended:
            api.stop(job_id, seconds)
        else:
            api.delete(job_id, seconds)
    except HpsearchError:
        pass
