"""Writes to MLflow behind the search, in order, on a thread of its own.

Every job may be repeated: what fails is tried again until `patience` is over, and finished trials wait in the spool
on disk meanwhile. `sweep` calls it and never waits for MLflow; the study stays the truth.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hpsearch.errors import HpsearchError, TrackingUnreachable
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.tracking.points import marked
from hpsearch.tracking.spool import Entry, Spool
from hpsearch.tracking.store import Point, Store
from hpsearch.trial import Curve

# How many finished trials may wait on disk before the search waits, too: few where MLflow answers, so that its pages
# keep up and the end brings no long delivery; many where it is slow or away, so that training goes on.
LARGEST_LAG, LARGEST_SPOOL = 200, 2000
_LOOK_SECONDS = 1.0
_SLOW_SECONDS = 1.0  # that a job takes while MLflow struggles
_MANY_JOBS = 200  # behind this many waiting jobs live points are left out; the finished trial brings them all


@dataclass(frozen=True)
class SweepRun:
    """The sweep's own run: where its trials' runs hang."""

    name: str
    experiment: str
    run_id: str
    started_ms: int


class Recorder:
    """Queues what MLflow shall know; `seconds` is the time spent on it, `error` why it gave up."""

    def __init__(
        self, store: Store, spool: Spool, sweep: SweepRun, patience_seconds: float, timer: Timer | None = None
    ) -> None:
        self.seconds = 0.0
        self.error: TrackingUnreachable | None = None
        self.spool = spool
        self._store, self._sweep = store, sweep
        self._patience, self._timer = patience_seconds, timer or Timer()
        self._runs: dict[int, str] = {}
        self._started: dict[int, int] = {}
        self._finished: set[int] = set()
        self._waiting = 0  # finished trials that MLflow has not taken yet
        self._struggles = False  # MLflow is slow, or away and called again and again
        self._doubtful = False  # a run may be there that this driver does not know of
        self._before: dict[int, dict[str, str]] = {}  # parameters on the runs of an earlier driver
        self._best: list[tuple[float, int]] = []
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hpsearch-recorder", daemon=True)

    def start(self, look_first: bool) -> None:
        """Begin to write; with `look_first` the runs that an earlier driver left are found and used again."""
        found = list(self._store.find_runs(self._trial_tags(), self._sweep.experiment)) if look_first else []
        for run in found:
            number = int(run.tags["hpsearch.trial"])
            self._runs[number], self._started[number] = run.run_id, run.started_ms
            self._before[number] = run.params
            if run.status != "RUNNING" and run.tags.get("hpsearch.state") in ("complete", "pruned", "failed"):
                self._finished.add(number)
            elif run.status == "RUNNING":
                self.interrupted(number, "its driver died; resume runs it again")
        self._thread.start()

    @property
    def recorded(self) -> set[int]:
        """Trials whose runs an earlier driver finished."""
        return self._finished

    @property
    def behind(self) -> bool:
        """Whether so much waits on disk that the search should wait, too."""
        return self._waiting > (LARGEST_SPOOL if self._struggles else LARGEST_LAG)

    def begin(self, number: int, started_ms: int, params: dict[str, str]) -> int:
        """Show a trial as RUNNING; return when its run began, which all its timestamps count from."""
        started = self._started.setdefault(number, started_ms)
        known = number in self._runs
        self._jobs.put(lambda: self._open(number, params, known))
        return started

    def live(self, number: int, curve: Curve, after: int, expected: int, at_last: bool = False) -> None:
        """Show the epochs behind `after` of a trial that takes long; those that the curve of a full length shows.

        Left out where too much waits, unless it comes `at_last`: then no delivery will bring them.
        """
        if at_last or self._jobs.qsize() < _MANY_JOBS:
            points = [p for p in self._points(number, curve, marked(expected)) if after < p[3] <= curve.epochs]
            self._jobs.put(lambda: self._store.write(self._runs[number], points) if number in self._runs else None)

    def finish(self, entry: Entry, curve: Curve, detail: str = "") -> None:
        """Put a finished trial on disk; when this returns it survives the driver."""
        self.spool.put(entry, curve, detail)

    def acknowledge(self, number: int, best: tuple[float, int] | None) -> None:
        """Hand a trial from the spool to MLflow, once the study was told of it."""
        if best is not None:
            self._best.append(best)
        self._waiting += 1
        self._jobs.put(lambda: self._deliver(number))

    def interrupted(self, number: int, reason: str) -> None:
        """Show an unfinished trial as KILLED; the same run is used when the trial runs again."""
        self._jobs.put(lambda: self._kill(number, reason))

    def close(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Write what is left and stop; `meanwhile` is called about once a second and may end the wait by raising.

        Raises
        ------
        TrackingUnreachable
            If MLflow did not take everything within the patience.
        """
        self._jobs.put(None)
        while self._thread.is_alive():
            self._thread.join(_LOOK_SECONDS)
            meanwhile()
        if self.error is not None:
            raise self.error

    def abandon(self) -> None:
        """Begin nothing more to write: the sweep is another driver's now, or is left at once; does not wait."""
        self.error = TrackingUnreachable(f"{self._sweep.name}: was left before MLflow had taken everything")
        self._jobs.put(None)

    def ended(self, seconds: float | None = 0.0) -> bool:
        """Whether nothing is being written any more, waiting up to `seconds` for that (None: as long as it takes)."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and self.error is None:
            self._persist(job)
            if self._jobs.empty() and self.error is None:
                self._persist(self._show_best)
        if self.error is None:
            self._persist(self._show_best)

    def _persist(self, job: Callable[[], None]) -> None:
        """Do one job, again and again until it succeeds or the patience is over."""

        def timed() -> None:
            started = time.perf_counter()
            try:
                job()
            except BaseException:
                self._struggles = True
                raise
            else:
                self._struggles = time.perf_counter() - started > _SLOW_SECONDS
            finally:
                self.seconds += time.perf_counter() - started

        try:
            with_retry(timed, self._patience, self._doubt, self._timer)
        except HpsearchError as error:
            self._give_up(f"{error}; tried for {self._patience:g} s")
        except Exception as error:  # a full disk, or a fault of ours: the thread must not end in silence
            self._give_up(f"{self._store.uri}: {type(error).__name__}: {' '.join(str(error).split())}")

    def _give_up(self, reason: str) -> None:
        try:
            waiting = f"{len(self.spool.waiting())} finished trials wait"
        except OSError as error:
            waiting = f"finished trials wait ({error.strerror or error})"
        self.error = TrackingUnreachable(
            f"{reason}. Every result is in the study, {waiting} in "
            f"{self.spool.folder}; when MLflow is back: hpsearch resume {self._sweep.name}"
        )

    def _doubt(self) -> None:
        """After a failure nobody knows whether a run was created: that is looked up before one is."""
        self._doubtful = True

    def _look(self) -> None:
        """Find the runs whose creation succeeded although its answer was lost."""
        for run in self._store.find_runs(self._trial_tags(), self._sweep.experiment):
            self._runs[int(run.tags["hpsearch.trial"])] = run.run_id
        self._doubtful = False

    def _trial_tags(self) -> dict[str, str]:
        return {"hpsearch.kind": "trial", "hpsearch.sweep": self._sweep.name}

    def _open(self, number: int, params: dict[str, str], known: bool) -> None:
        if self.spool.has(number):
            return  # it has ended already; its delivery makes the run
        self._forget_another(number, params)
        run_id = self._run_of(number)
        if known:
            self._store.reopen_run(run_id)
        self._store.write(run_id, params=params)

    def _forget_another(self, number: int, params: dict[str, str]) -> None:
        """Take away the run of a trial that the study has lost: a power cut, or a backup that was put back.

        The trial of that number was asked for anew, and MLflow lets nobody change a run's parameters.
        """
        before = self._before.get(number, {})
        if any(params.get(name) != value for name, value in before.items()):
            self._store.delete_run(self._runs[number])
            del self._runs[number], self._before[number]

    def _run_of(self, number: int) -> str:
        if number not in self._runs and self._doubtful:
            self._look()
        if number not in self._runs:
            tags = {**self._trial_tags(), "hpsearch.trial": str(number)}
            name, started = f"trial-{number:04d}", self._started[number]
            self._runs[number] = self._store.create_run(self._sweep.experiment, name, tags, started, self._sweep.run_id)
        return self._runs[number]

    def _deliver(self, number: int) -> None:
        entry = self.spool.entry(number)
        self._started.setdefault(number, entry.started_ms)
        self._forget_another(number, entry.params)
        run_id = self._run_of(number)
        curve = self.spool.curve(number)
        points = self._points(number, curve, marked(curve.epochs))
        if entry.value is not None:
            told = {"value": entry.value, **{f"value.{name}": value for name, value in entry.values.items()}}
            points += [(name, v, self._started[number] + entry.epoch, entry.epoch) for name, v in told.items()]
        self._store.write(run_id, points, entry.params, entry.tags)
        for path in self.spool.files(number):
            self._store.put_file(run_id, path)
        self._store.end_run(run_id, entry.status, entry.ended_ms)
        self.spool.remove(number)
        self._waiting -= 1

    def _kill(self, number: int, reason: str) -> None:
        run_id = self._run_of(number)
        self._store.write(run_id, tags={"hpsearch.state": "interrupted", "hpsearch.reason": reason})
        self._store.end_run(run_id, "KILLED")

    def _points(self, number: int, curve: Curve, epochs: list[int]) -> list[Point]:
        """Pair values with timestamps that depend on the trial alone, so that writing them twice stores them once."""
        started = self._started[number]
        return [
            (name, float(curve.values[epoch - 1, column]), started + epoch, epoch)
            for epoch in epochs
            if epoch <= curve.epochs
            for column, name in enumerate(curve.names)
        ]

    def _show_best(self) -> None:
        """Bring the sweep's own curve, the best value after so many finished trials, up to date."""
        if self._best:
            shown = list(self._best)
            started = self._sweep.started_ms
            self._store.write(self._sweep.run_id, [("best_value", value, started + n, n) for value, n in shown])
            del self._best[: len(shown)]
