"""A sweep from Python leaves the caller's process as it was, and an interrupt leaves a sweep that can be resumed."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import warnings
from pathlib import Path

import pytest
import yaml
from sample_specs import tiny

import hpsearch
from hpsearch.config.addresses import Addresses
from hpsearch.results.lookup import Lookup

SAMPLES = Path(__file__).parent / "sample_trainers.py"
INTERRUPTING = """
import signal
from dataclasses import dataclass
from pathlib import Path
from quadratic import Quadratic

@dataclass
class Interrupting(Quadratic):
    times: int = 1
    def train(self, *rows, classes):
        rest = super().train(*rows, classes=classes)
        yield next(rest)
        place = Path(__file__).with_name("interrupts")
        place.touch()
        while self.times > len(place.read_text()):
            with place.open("a") as file:
                file.write("x")
            signal.raise_signal(signal.SIGINT)
        return (yield from rest)
"""


@pytest.fixture
def spec(tmp_path):
    """Write a spec whose trainer interrupts the process in its second epoch, `times` times in all."""

    def write(times):
        shutil.copy(SAMPLES, tmp_path / "quadratic.py")
        (tmp_path / "interrupting.py").write_text(INTERRUPTING)
        settings = {"epochs": 5, "times": times}
        path = tmp_path / "sweep.yaml"
        path.write_text(yaml.safe_dump(tiny(trainer="interrupting.py:Interrupting", settings=settings)))
        return path

    return write


@pytest.fixture(autouse=True)
def bare(no_pictures):
    """No pictures: they are not what is tested. Interrupts as in a terminal: a shell's background has them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_raised_once_everything_is_recorded_and_resume_goes_on(spec, home):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        hpsearch.run(spec(1), home=home, progress=False, in_process=True)
    assert signal.getsignal(signal.SIGINT) is handler
    view = Lookup(Addresses.find(home)).sweep("tiny")
    assert (view.state, view.running) == ("interrupted", 0) and view.counts.finished < 5
    result = hpsearch.resume("tiny", home=home, progress=False, in_process=True)
    assert result.summary.counts.complete == 5 and result.trials["state"].tolist() == ["complete"] * 5


def test_an_interrupt_that_the_caller_ignores_ends_the_search_with_a_result(spec, home):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert hpsearch.run(spec(1), home=home, progress=False, in_process=True).summary.interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_second_interrupt_does_not_wait(spec, home):
    with pytest.raises(KeyboardInterrupt):
        hpsearch.run(spec(2), home=home, progress=False, in_process=True)
    assert hpsearch.resume("tiny", home=home, progress=False, in_process=True).summary.counts.complete == 5


def test_a_sweep_leaves_the_callers_warnings_and_environment_alone(home):
    before = list(warnings.filters), os.environ.get("PYTHONWARNINGS"), os.environ.get("MLFLOW_LOGGING_LEVEL")
    hpsearch.run(tiny(search__trials=2), home=home, progress=False, in_process=True)
    after = list(warnings.filters), os.environ.get("PYTHONWARNINGS"), os.environ.get("MLFLOW_LOGGING_LEVEL")
    assert after == before


def test_a_sweep_runs_in_another_thread_where_no_signal_arrives(home):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(hpsearch.run(tiny(), home=home, progress=False, in_process=True))
    )
    thread.start()
    thread.join(60)
    assert found[0].summary.counts.complete == 5
