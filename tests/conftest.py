"""One BLAS thread; and for the long run ``pytest -m faults --repeat 20``, which runs every fault that many times."""

from __future__ import annotations

import os

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy comes: two threads on two busy cores wait for each other


def pytest_addoption(parser):
    parser.addoption("--repeat", type=int, default=1, help="run tests marked faults this many times")


@pytest.fixture(scope="module")
def postgres():
    """A real PostgreSQL of the module's own."""
    from servers import Postgres, postgres_missing

    if reason := postgres_missing():
        pytest.skip(reason)
    running = Postgres()
    yield running
    running.end()


@pytest.fixture
def repetition(request):
    """Which of the repetitions this is."""
    return request.param


def pytest_generate_tests(metafunc):
    times = metafunc.config.getoption("repeat")
    if times > 1 and any(mark.name == "faults" for mark in metafunc.definition.iter_markers()):
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(times), indirect=True)
