"""An option for the long run: ``pytest -m faults --repeat 20`` runs every fault that many times."""

from __future__ import annotations

import pytest


def pytest_addoption(parser):
    parser.addoption("--repeat", type=int, default=1, help="run tests marked faults this many times")


@pytest.fixture
def repetition(request):
    """Which of the repetitions this is."""
    return request.param


def pytest_generate_tests(metafunc):
    times = metafunc.config.getoption("repeat")
    if times > 1 and any(mark.name == "faults" for mark in metafunc.definition.iter_markers()):
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(times), indirect=True)
