"""Records a search in MLflow behind it: what finished survives the driver at once, MLflow takes it when it can.

The side of the search's thread, which never waits for MLflow: finished trials are put into the spool on disk and jobs
are queued for `writer`, a thread of its own. The study stays the truth. `sweep` calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hpsearch.errors import HpsearchError
from hpsearch.locking.retry import Timer
from hpsearch.tracking.interface import RunView, TrackingStore
from hpsearch.tracking.points import curve_points, marked
from hpsearch.tracking.recording.handover import LARGEST_LAG
from hpsearch.tracking.recording.recovery_plan import RecoveryPlan
from hpsearch.tracking.recording.trial_runs import SweepRun
from hpsearch.tracking.recording.writer import Writer
from hpsearch.tracking.schema import number_of
from hpsearch.tracking.spool import Delivery, Entry, Spool
from hpsearch.trial import Curve

__all__ = ["Recorder", "SweepRun"]

_LOOK_SECONDS = 1.0
_SLICE_SECONDS = 0.2
_SILENT_SECONDS = 0.5  # without an answer, after which a stopped sweep waits no longer
_LAST_SECONDS = 8.0  # that a stopped sweep delivers, however well MLflow answers
_ABANDON_SECONDS = 5.0  # for the call under way
_MANY_JOBS = 200  # behind this many waiting jobs live points are left out; the finished trial brings them all


class Recorder:
    """Queues what MLflow is to know; `seconds` is the time spent on it, `error` why it gave up.

    Parameters
    ----------
    patience_seconds : how long one step is tried while MLflow is unreachable
    timer : the session's; once it is stopped nothing is waited for any more
    """

    def __init__(
        self, store: TrackingStore, spool: Spool, sweep: SweepRun, patience_seconds: float, timer: Timer | None = None
    ) -> None:
        self.spool = spool
        self._sweep, self._uri = sweep, store.uri
        self._timer = timer or Timer()
        self._writer = Writer(store, spool, sweep, patience_seconds, self._timer)
        self._started: dict[int, int] = {}  # when each trial's run began
        self._written: dict[int, Delivery] = {}  # in the spool, not acknowledged yet

    def earlier_runs(self) -> list[RunView]:
        """Return the trials' runs that MLflow has, before anything is written.

        Raises
        ------
        StoreError
            If MLflow stays unreachable, or refuses.
        """
        return self._writer.find_runs()

    def start(self, plan: RecoveryPlan | None = None) -> None:
        """Begin to write, first what an earlier driver left."""
        plan = plan or RecoveryPlan()
        self._started = {number_of(run.tags): run.started_ms for run in plan.runs}
        for number in plan.discard:
            self.spool.remove(number)
        for number in plan.interrupt:
            self.interrupted(number, "its driver died; resume runs it again")
        for number in plan.deliver:
            self._writer.deliver(number, None)
        for entry in plan.rebuild:
            self._writer.deliver(entry.number, Delivery(entry, Curve()))
        self._writer.start(plan.runs)

    @property
    def behind(self) -> bool:
        """Whether so much waits on disk that the search should wait, too."""
        return self._writer.shared.behind

    @property
    def seconds(self) -> float:
        """Time spent on MLflow."""
        return self._writer.shared.seconds

    @property
    def error(self) -> HpsearchError | None:
        """Why it gave up."""
        return self._writer.shared.error

    def begin(self, number: int, started_ms: int, params: dict[str, str]) -> int:
        """Show a trial as RUNNING; return when its run began, which all its timestamps count from."""
        started = self._started.setdefault(number, started_ms)
        self._writer.open(number, started, params)
        return started

    def live(self, number: int, curve: Curve, after: int, expected: int, at_last: bool = False) -> None:
        """Show the epochs behind `after` of a trial that takes long; those that the curve of a full length shows.

        Left out where too much waits, unless it comes `at_last`: then no delivery will bring them.
        """
        if at_last or self._writer.jobs.size < _MANY_JOBS:
            epochs = [epoch for epoch in marked(expected) if after < epoch <= curve.epochs]
            self._writer.show(number, curve_points(curve, self._started[number], epochs))

    def finish(self, entry: Entry, curve: Curve, detail: str = "") -> None:
        """Put a finished trial on disk; when this returns it survives the driver."""
        self._written[entry.number] = self.spool.put(entry, curve, detail)

    def acknowledge(self, number: int, best: tuple[float, int] | None) -> None:
        """Hand a trial from the spool to MLflow, once the study was told of it."""
        delivery = self._written.pop(number, None)
        # What waits is kept in memory while it is little; what comes on top of that is read back from disk.
        kept = delivery if self._writer.shared.waiting < LARGEST_LAG else None
        self._writer.deliver(number, kept, best)

    def interrupted(self, number: int, reason: str) -> None:
        """Show an unfinished trial as KILLED; the same run is used when the trial runs again."""
        self._writer.interrupt(number, self._started[number], reason)

    def close(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Write what is left and stop; `meanwhile` is called about once a second and may end the wait by raising.

        Once the session's timer is stopped, this ends within a second if MLflow does not answer, within a few if it
        does; what was not delivered by then waits in the spool.

        Raises
        ------
        TrackingUnreachable
            If MLflow did not take everything within the patience, or before the stop.
        StoreError
            If it refused something.
        """
        self._writer.jobs.close()
        looked_at, stopped_at = time.monotonic(), float("inf")
        while self._writer.alive:
            self._writer.join(_SLICE_SECONDS)
            now = time.monotonic()
            if now - looked_at >= _LOOK_SECONDS:
                looked_at = now
                meanwhile()
            if self._timer.stopped:
                stopped_at = min(stopped_at, now)
                if self._too_long_since(stopped_at, now):
                    way_out = self._writer.way_out("to deliver them")
                    self._writer.halt(f"{self._uri}: the sweep was stopped before MLflow took everything{way_out}")
                    break
        self._writer.raise_failure()

    def abandon(self, seconds: float = _ABANDON_SECONDS) -> None:
        """Write nothing more, because the sweep is another driver's now, or has to end at once.

        When this returns the thread has ended; only a call to MLflow that does not return within `seconds` is left to
        itself, and none follows it.
        """
        self._writer.halt(f"{self._sweep.name}: nothing more is written to MLflow by this driver")
        self._writer.join(seconds)

    def ended(self, seconds: float | None = 0.0) -> bool:
        """Whether nothing is being written any more, waiting up to `seconds` for that (None: as long as it takes)."""
        self._writer.join(seconds)
        return not self._writer.alive

    def _too_long_since(self, stopped_at: float, now: float) -> bool:
        silent = now - max(stopped_at, self._writer.shared.answered_at)
        return silent > _SILENT_SECONDS or now - stopped_at > _LAST_SECONDS
