"""One BLAS thread; and for the long run ``pytest -m faults --repeat 20``, which runs every fault that many times."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy comes: two threads on two busy cores wait for each other
for _name in ("MLFLOW_TRACKING_URI", "RAY_ADDRESS", "HPSEARCH_STORAGE", "HPSEARCH_HOME", "HPSEARCH_RAY"):
    os.environ.pop(_name, None)  # the tests use stores of their own


def pytest_addoption(parser):
    parser.addoption("--repeat", type=int, default=1, help="run tests marked faults this many times")


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory):
    """A home whose two databases have their tables and no row: making those takes seconds, copying none."""
    from hpsearch.config.addresses import Addresses
    from hpsearch.console.quiet import silence
    from hpsearch.study.study import Study
    from hpsearch.tracking import open_store

    silence(verbose=False)
    folder = tmp_path_factory.mktemp("empty")
    addresses = Addresses.find(folder)
    open_store(addresses.tracking, folder).experiment("Default")
    (folder / "study.db").touch()
    Study.exists(addresses.storage, "any")
    return folder


@pytest.fixture
def home(empty_home, tmp_path):
    return Path(shutil.copytree(empty_home, tmp_path / "home"))


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
