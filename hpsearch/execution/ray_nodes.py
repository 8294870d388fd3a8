"""The nodes of a Ray cluster: how many workers fit, who else wants them, and what each node says of itself.

Used by `ray_workers` to share a cluster between sweeps, and by `launch` to look at one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hpsearch.execution.ray_environment import ray

_NAMES = "hpsearch"  # of actors: hpsearch/SWEEP/workers wanted/number


def actor_name(sweep: str, wanted: int, unique: str) -> str:
    """Return the name that tells other sweeps how many workers this one wants."""
    return f"{_NAMES}/{sweep}/{wanted}/{unique}"


def wanted_workers() -> dict[str, int]:
    """Read from the actors' names how many workers each sweep on this cluster wants."""
    names = [str(actor["name"]).split("/") for actor in ray.util.list_named_actors(all_namespaces=True)]
    return {name[1]: int(name[2]) for name in names if name[0] == _NAMES and len(name) == 4}


def capacity(cpus: float) -> int:
    """Count how many workers of so many processors fit into the cluster."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sum([int(node["Resources"].get("CPU", 0) / cpus) for node in nodes if node["Alive"]])


def ask_every_node(question: Callable[[], dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """Ask a process on every living node; an answer's ``skew`` is how far its ``time`` is ahead of ours.

    A node that does not answer within `seconds` is there with ``host`` and ``error`` alone.
    """
    task = ray.remote(num_cpus=0, max_retries=0)(question)
    nodes = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    pins = [strategy(node["NodeID"], soft=False) for node in nodes]
    deadline = time.monotonic() + seconds
    ray.wait([task.options(scheduling_strategy=pin).remote() for pin in pins], num_returns=len(pins), timeout=seconds)
    answers = []
    for node, pin in zip(nodes, pins, strict=True):  # a second time, with the processes there, for the clocks
        before = time.time()
        try:
            left = max(1.0, deadline - time.monotonic())
            answer = ray.get(task.options(scheduling_strategy=pin).remote(), timeout=left)
            answers.append({**answer, "skew": answer["time"] - (before + time.time()) / 2})
        except ray.exceptions.RayError as error:
            answers.append({"host": node["NodeManagerHostname"], "error": first_line(error)})
    return answers


def first_line(error: ray.exceptions.RayError) -> str:
    """Say in one line what went wrong with a process or a node."""
    kind = "the worker process died" if isinstance(error, ray.exceptions.RayActorError) else type(error).__name__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{kind}: {lines[0]}" if lines else kind
