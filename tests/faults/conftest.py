"""What the fault tests share: a home with empty tables, one steady cluster, and an end for every process."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager

import processes
import pytest
from clusters import RayNodes
from sweeps import Sweep


@pytest.fixture(scope="session", autouse=True)
def no_process_left():
    yield
    processes.end_all()


@pytest.fixture(scope="session")
def steady(tmp_path_factory):
    """A cluster that no test hurts: four processors on one node."""
    nodes = RayNodes(tmp_path_factory.mktemp("steady"), cpus=4)
    yield nodes
    nodes.end()


@pytest.fixture
def nodes(tmp_path):
    """Make clusters of this test's own."""
    made = []

    def make(cpus, **settings):
        made.append(RayNodes(tmp_path / f"cluster-{len(made)}", cpus, **settings))
        return made[-1]

    yield make
    for cluster in made:
        cluster.end()


@pytest.fixture
def sweep(tmp_path, home):
    """Make sweeps whose drivers end with the test."""
    made = []

    def make(env=None, **changes):
        folder = tmp_path / f"sweep-{len(made)}"
        place = changes.pop("home", home)
        made.append(Sweep(folder, place, env or {}, **changes))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def within(request):
    """Measure a block, hold it to its bound and say so in the report."""

    @contextmanager
    def measure(bound, what=""):
        started = time.monotonic()
        yield
        took = time.monotonic() - started
        print(f"MEASURED {request.node.name} {what}: {took:.1f} s of {bound:g}", file=sys.__stdout__)
        assert took <= bound, f"{what} took {took:.1f} s, the bound is {bound:g} s"

    return measure
