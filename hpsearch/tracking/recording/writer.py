"""The recorder's thread: does the jobs in order, each until it succeeds, is refused, or the patience is over.

What it writes is `trial_runs`' part. `recorder` starts it, gives it jobs and halts it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from hpsearch.errors import HpsearchError, StoreError, StoreUnavailable, TrackingUnreachable
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.tracking.interface import Point, RunView, TrackingStore
from hpsearch.tracking.recording.handover import Handover
from hpsearch.tracking.recording.job_queue import Job, JobQueue
from hpsearch.tracking.recording.trial_runs import SweepRun, TrialRuns
from hpsearch.tracking.spool import Delivery, Spool

_MOST_REFUSED = 3  # trials one after the other, after which no further one is tried


class Writer:
    """Writes what it is given on a thread of its own, until it is closed or halted."""

    def __init__(
        self, store: TrackingStore, spool: Spool, sweep: SweepRun, patience_seconds: float, timer: Timer
    ) -> None:
        self.shared = Handover()
        self.jobs = JobQueue(lambda: timer.stopped)
        self._uri, self._sweep, self._spool = store.uri, sweep, spool
        self._halted = threading.Event()
        self._patience, self._timer = patience_seconds, timer.stopped_by(self._halted)
        self._thread = threading.Thread(target=self._work, name="hpsearch-recorder", daemon=True)
        # The thread's own, once it has started:
        self._runs = TrialRuns(store, sweep, self._check)
        self._best: list[tuple[float, int]] = []
        self._refusals: dict[int, str] = {}
        self._refused_in_a_row: set[int] = set()

    def find_runs(self) -> list[RunView]:
        """Return the trials' runs that MLflow has; before the start."""
        return with_retry(self._runs.find, self._patience, timer=self._timer)

    def start(self, runs: Iterable[RunView]) -> None:
        """Begin to write, on `runs` again where they are a trial's."""
        self._runs.know(runs)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def halt(self, reason: str) -> None:
        """End every wait and write nothing more, for this reason; the call under way is not cut short."""
        self.shared.fail(TrackingUnreachable(reason))
        self._halted.set()
        self.jobs.close()

    def join(self, seconds: float | None) -> None:
        """Wait for the thread's end, at most so long; None: as long as it takes."""
        if self.alive:
            self._thread.join(seconds)

    def open(self, number: int, started_ms: int, params: Mapping[str, str]) -> None:
        """Show a trial as RUNNING, unless it has ended by then: its delivery makes the run."""
        self.jobs.put(
            Job(lambda: None if self._spool.has(number) else self._runs.open(number, started_ms, params), number)
        )

    def show(self, number: int, points: Sequence[Point]) -> None:
        """Write points of a trial that runs."""
        self.jobs.put(Job(lambda: self._runs.show(number, points), number))

    def interrupt(self, number: int, started_ms: int, reason: str) -> None:
        """Show a trial as KILLED."""
        self.jobs.put(Job(lambda: self._runs.interrupt(number, started_ms, reason), number, interrupts=True))

    def deliver(self, number: int, delivery: Delivery | None, best: tuple[float, int] | None = None) -> None:
        """Write a finished trial, read from the spool if no `delivery` is given, and take it out of the spool."""
        self.shared.add()
        self.jobs.put(Job(lambda: self._deliver(number, delivery), number, delivers=True, best=best))

    def raise_failure(self) -> None:
        """Raise what kept it from writing everything; after its end."""
        if self.shared.error is not None:
            raise self.shared.error
        if self._refusals:
            reasons = "; ".join(f"trial {number}: {reason}" for number, reason in sorted(self._refusals.items()))
            raise StoreError(f"{reasons}. All other trials are recorded{self.way_out('when that is mended')}")

    def way_out(self, when: str) -> str:
        """Say where the results are, and what to do."""
        try:
            waiting = f"{len(self._spool.waiting())} finished trials wait"
        except OSError as error:
            waiting = f"finished trials wait ({error.strerror or error})"
        where = f"Every result is in the study, {waiting} in {self._spool.folder}"
        return f". {where}; {when}: hpsearch resume {self._sweep.name}"

    def _work(self) -> None:
        while self.shared.error is None and (job := self.jobs.take()) is not None:
            if job.best is not None:
                self._best.append(job.best)
            self._persist(job)
            if not self.jobs.size:
                self._show_best()
        self._show_best()

    def _persist(self, job: Job) -> None:
        try:
            with_retry(lambda: self._timed(job), self._patience, self._runs.doubt, self._timer)
        except StoreUnavailable as error:
            tried = "the sweep was stopped" if self._timer.stopped else f"tried for {self._patience:g} s"
            self._give_up(f"{error}; {tried}", "when MLflow is back")
        except StoreError as error:
            self._refused(job, error)
        except HpsearchError as error:
            self._give_up(str(error), "to deliver them")
        except Exception as error:  # a fault of ours, perhaps: the thread must not end in silence
            message = " ".join(str(error).split())
            self._give_up(f"{self._uri}: {type(error).__name__}: {message}", "when that is mended")

    def _timed(self, job: Job) -> None:
        started, succeeded = time.perf_counter(), False
        try:
            job.work()
            succeeded = True
        finally:
            self.shared.note_call(time.perf_counter() - started, succeeded)

    def _refused(self, job: Job, error: StoreError) -> None:
        """Leave a trial that MLflow refuses in the spool; end at once where it refuses everything."""
        if job.number is not None:
            self._refusals[job.number] = str(error)
            self._refused_in_a_row.add(job.number)
            if job.delivers:
                self.shared.settle()
            if len(self._refused_in_a_row) < _MOST_REFUSED and self._takes_others():
                return
        self.shared.fail(StoreError(f"{error}{self.way_out('when that is mended')}"))

    def _takes_others(self) -> bool:
        try:
            with_retry(self._runs.touch, self._patience, timer=self._timer)
        except StoreError:
            return False
        return True

    def _give_up(self, reason: str, when: str) -> None:
        self.shared.fail(TrackingUnreachable(f"{reason}{self.way_out(when)}"))

    def _deliver(self, number: int, delivery: Delivery | None) -> None:
        self._runs.deliver(delivery or self._spool.delivery(number))
        self._check()
        self._spool.remove(number)
        self._refusals.pop(number, None)
        self._refused_in_a_row.clear()
        self.shared.settle()

    def _show_best(self) -> None:
        if self._best and self.shared.error is None:
            best = list(self._best)
            self._persist(Job(lambda: self._runs.show_best(best)))
            self._best.clear()

    def _check(self) -> None:
        """Refuse to write once the recorder was halted."""
        if self._halted.is_set():
            raise TrackingUnreachable(f"{self._sweep.name}: nothing more is written to MLflow by this driver")
