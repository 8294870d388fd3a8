"""The command ``hpsearch`` without pictures, which no fault here is about, and with two faults of its own on request.

``FAULT_STEPS`` names a file that is told when the imports were done and when MLflow and Ray had started, by the clock
that all processes share.

``FAULT_CLOCK_BACK`` names a file: while it exists, this process's clock is an hour late. ``FAULT_DIE_AFTER`` names a
step and how often it is done, ``Study.tell:2``: then the process kills itself, as SIGKILL would.
"""

from __future__ import annotations

import datetime
import os
import signal
import sys
import time
from pathlib import Path

from hpsearch.cli import main
from hpsearch.figures.render import RenderedFigures
from hpsearch.sweep.conclude import finish


def set_clock_back(switch):
    true_time, true_datetime = time.time, datetime.datetime

    class Late(true_datetime):
        @classmethod
        def now(cls, tz=None):
            return true_datetime.fromtimestamp(time.time(), tz)

    time.time = lambda: true_time() - (3600 if switch.exists() else 0)
    storage = sys.modules["optuna.storages._rdb.storage"]
    assert storage.datetime is true_datetime
    storage.datetime = Late  # this one asks the system's clock by itself


def die_after(step, times):
    from hpsearch.study.study import Study
    from hpsearch.tracking.client.database import DatabaseStore
    from hpsearch.tracking.recorder import Recorder

    owner, _, method = step.partition(".")
    kind = {"Study": Study, "Recorder": Recorder, "Store": DatabaseStore}[owner]
    original, calls = getattr(kind, method), []

    def dying(*arguments, **named):
        answer = original(*arguments, **named)
        calls.append(answer)
        if len(calls) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(kind, method, dying)


def note_steps(file):
    from hpsearch.execution.ray_environment import ray
    from hpsearch.sweep import resources

    def note(step):
        with file.open("a") as lines:
            lines.write(f"{step} {time.monotonic()}\n")

    def noting(owner, name, step):
        original = getattr(owner, name)

        def noted(*arguments, **named):
            answer = original(*arguments, **named)
            note(step)
            return answer

        setattr(owner, name, noted)

    noting(resources, "open_store", "mlflow")
    noting(ray, "init", "ray")
    note("imports")


if "FAULT_CLOCK_BACK" in os.environ:
    set_clock_back(Path(os.environ["FAULT_CLOCK_BACK"]))
if "FAULT_DIE_AFTER" in os.environ:
    name, _, count = os.environ["FAULT_DIE_AFTER"].partition(":")
    die_after(name, int(count))
if "FAULT_STEPS" in os.environ:
    note_steps(Path(os.environ["FAULT_STEPS"]))
finish.draw = lambda _: RenderedFigures({}, {})
main(sys.argv[1:])
