"""Sweeps in driver processes of their own, and what must hold of each in the end.

A test begins one, hurts something, resumes where it had stopped and calls `check`: the invariant, the winner, and
every result that a driver ever acknowledged.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from processes import Process, alive, until

HERE = Path(__file__).parent
START_SECONDS = 60  # for imports, Ray and MLflow, on a machine that has other work
_ACKNOWLEDGED = re.compile(r"^trial +(\d+)  (\S+)", re.MULTILINE)


class Attempt(NamedTuple):
    """One attempt at a trial, in a worker process; `began` is of the monotonic clock."""

    seed: int
    pid: int
    began: float


class Sweep:
    """One sweep: its spec on disk, its drivers, and the addresses they use."""

    def __init__(self, folder: Path, home: Path, env: dict[str, str], **changes: Any) -> None:
        self.folder, self.home, self.env = folder, home, dict(env)
        self.marks = folder / "marks"
        self.marks.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "fault_trainer.py", folder / "fault_trainer.py")
        search = {"trials": 6, "sampler": "random", "seed": 0, **changes.pop("search", {})}
        settings = {"marks": str(self.marks), "epochs": 10, "pause": 0.05, **changes.pop("settings", {})}
        self.spec: dict[str, Any] = {
            "name": "hurt",
            "trainer": "fault_trainer:Trainer",
            "data": {"dataset": "iris"},
            "space": {"x": {"low": 0.0, "high": 1.0}},
            "settings": settings,
            "search": search,
            "workers": 2,
            **changes,
        }
        self.name, self.budget = self.spec["name"], search["trials"]
        self.path = folder / f"{self.name}.yaml"
        self.path.write_text(json.dumps(self.spec))
        self.drivers: list[Driver] = []

    def run(self, **env: str) -> Driver:
        return self._start(["run", str(self.path)], env)

    def resume(self, *more: str, **env: str) -> Driver:
        return self._start(["resume", self.name, *more], env)

    def _start(self, arguments: list[str], env: dict[str, str]) -> Driver:
        log = self.folder / f"{self.name}-{len(self.drivers)}.log"
        self.drivers.append(Driver(arguments, self.home, log, {**self.env, **env}))
        return self.drivers[-1]

    def mend(self) -> None:
        """Take the fault out of the trainer beside the spec, as its author would."""
        trainer = self.folder / "fault_trainer.py"
        faulty = trainer.read_text()
        trainer.write_text(faulty.replace("if epoch == 3 and self.x < self.wrong:", "if False:"))
        assert trainer.read_text() != faulty

    def end(self) -> None:
        for driver in self.drivers:
            driver.end()

    def attempts(self) -> list[Attempt]:
        """Return every attempt, the oldest first."""
        names = [mark.name.split(".") for mark in self.marks.iterdir()]
        found = [Attempt(int(seed), int(pid), int(at) / 1e9) for seed, pid, at in names]
        return sorted(found, key=lambda attempt: attempt.began)

    def in_training(self, pids: Collection[int] | None = None) -> Attempt | None:
        """Return the newest attempt of a process that lives, one of `pids`, if less than half of its time is over.

        A fault that strikes a trial later may find it at its end.
        """
        settings = self.spec["settings"]
        oldest = time.monotonic() - settings["epochs"] * settings["pause"] / 2
        attempts = [each for each in self.attempts() if each.pid in pids] if pids is not None else self.attempts()
        return next((each for each in reversed(attempts) if each.began > oldest and alive(each.pid)), None)

    def training(self) -> Attempt:
        """Wait until a trial trains; return the newest attempt."""
        return until(self.in_training, START_SECONDS)

    def attempts_of(self, seed: int) -> list[Attempt]:
        return [attempt for attempt in self.attempts() if attempt.seed == seed]

    def until_again(self, seed: int, seconds: float) -> Attempt:
        """Wait for the second attempt at a trial; return it."""
        until(
            lambda: len(self.attempts_of(seed)) > 1,
            seconds,
            lambda: f"no second attempt at {seed} of {self.attempts()}:\n{self.drivers[-1].text()}",
        )
        return self.attempts_of(seed)[1]

    def stores(self) -> tuple[Any, Any]:
        from hpsearch.study.study import Study
        from hpsearch.tracking import open_store

        storage = self.env.get("HPSEARCH_STORAGE", f"sqlite:///{self.home / 'study.db'}")
        tracking = self.env.get("MLFLOW_TRACKING_URI", f"sqlite:///{self.home / 'mlflow.db'}")
        return Study.load(storage, self.name), open_store(tracking, self.home)

    def runs(self) -> dict[int, Any]:
        found = self.stores()[1].find_runs({"hpsearch.kind": "trial", "hpsearch.sweep": self.name})
        return {int(run.tags["hpsearch.trial"]): run for run in found}

    def runs_of_the_sweep(self) -> list[Any]:
        return list(self.stores()[1].find_runs({"hpsearch.kind": "sweep", "hpsearch.sweep": self.name}))

    def runs_of_any(self) -> list[Any]:
        from hpsearch.tracking import open_store

        return list(open_store(f"sqlite:///{self.home / 'mlflow.db'}", self.home).find_runs({}))

    def check(self, budget: int | None = None) -> None:
        """Assert what must hold of a sweep that was brought to its end."""
        from hpsearch.results.integrity import check_invariant, check_winner

        study, store = self.stores()
        wrong = check_invariant(study, store, self.name, budget or self.budget)
        assert wrong == [], "\n".join([*wrong, *(driver.text() for driver in self.drivers)])
        assert check_winner(study, store, self.name) == []
        self.check_acknowledged()
        assert not list((self.home / "sweeps" / self.name / "spool").iterdir())

    def check_acknowledged(self) -> None:
        """Assert that what a driver said of a trial is in the study, and that no trial was acknowledged twice."""
        records = {trial.number: trial for trial in self.stores()[0].trials()}
        said = [pair for driver in self.drivers for pair in driver.acknowledged()]
        assert len({number for number, _ in said}) == len(said)
        for number, told in said:
            record = records[number]
            assert record.state is not None, f"trial {number} was acknowledged and is unfinished"
            assert told == (f"{record.value:.4f}" if record.value is not None else f"{record.state.value}:")


class Driver(Process):
    """A driver process."""

    def __init__(self, arguments: list[str], home: Path, log: Path, env: dict[str, str]) -> None:
        command = [sys.executable, str(HERE / "quick_driver.py"), *arguments, "--home", str(home)]
        super().__init__(command, log, env, cwd=log.parent)

    def acknowledged(self) -> list[tuple[int, str]]:
        """Return what it said of the trials it finished."""
        return [(int(number), told) for number, told in _ACKNOWLEDGED.findall(self.text())]

    def until_acknowledged(self, count: int, seconds: float = START_SECONDS) -> None:
        def enough() -> bool:
            done = len(self.acknowledged()) >= count
            assert done or self.code is None, f"ended with {self.code}:\n{self.text()[-3000:]}"
            return done

        until(enough, seconds, lambda: f"not {count} trials:\n{self.text()[-3000:]}")

    def finished(self, seconds: float = START_SECONDS, code: int = 0) -> None:
        found = self.wait(seconds)
        assert found == code, f"ended with {found}:\n{self.text()[-3000:]}"

    def killed(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait(10)
