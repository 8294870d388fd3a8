"""What a session holds while it drives one sweep, and how it is given back on every way out.

The one owner of leases, MLflow, Ray, study and recorder. They are closed in the opposite order of their opening, so
that whatever writes has stopped before a lease is free. `session` says what is done with them.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError, SweepBusy
from hpsearch.locking.closing import closing, noting
from hpsearch.locking.database_lease import hold_in_database
from hpsearch.locking.file_lease import hold
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.spec import SweepSpec
from hpsearch.study.study import Study
from hpsearch.sweep.finalists.repeats import Repeats
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.tracking import open_store_at
from hpsearch.tracking.interface import TrackingStore
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.schema import Tag
from hpsearch.tracking.server.version import server_version
from hpsearch.tracking.spool import Spool

WRITER_SECONDS = 5.0  # that a call to MLflow may still take before the session goes without its lease
_T = TypeVar("_T")


@dataclass(frozen=True)
class OpenSweep:
    """A sweep whose stores are open: what every step of its workflow reads and writes."""

    ready: PreparedSweep
    study: Study
    store: TrackingStore
    run: SweepRun
    models: Models
    retry_seconds: float
    timer: Timer

    def retried(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns; short absences of MLflow are waited for, until the sweep is to stop."""
        return with_retry(work, self.retry_seconds, timer=self.timer)


class Resources:
    """The resources of one sweep's driver, opened one after the other; `hold_sweep` closes them.

    Attributes
    ----------
    timer : of every wait; it stops when the sweep is to stop, and when the session is left at once
    lease : the sweep's, in the database if the study lies in one that others reach
    store, experiment : MLflow, once `open` has returned
    begun : whether something of the sweep is kept, so that it can be resumed
    """

    store: TrackingStore
    experiment: str

    def __init__(self, addresses: Addresses, name: str, stop: threading.Event, stack: ExitStack) -> None:
        self._addresses, self._name, self._stack = addresses, name, stack
        self._left = threading.Event()
        self._writers: list[Callable[[float | None], bool]] = []  # each waits, and says whether its writer has ended
        self._close_store: Callable[[], None] = lambda: None
        self.timer = Timer(stop).stopped_by(self._left)
        self.begun = True
        addresses.make()
        stack.enter_context(hold(self._folder, name, self.timer))
        stack.enter_context(_tidied(addresses, name))
        self.lease = stack.enter_context(hold_in_database(addresses.storage, name, self.timer))
        stack.callback(self._outlast_writers)

    @property
    def _folder(self) -> Path:
        return self._addresses.sweep(self._name)

    def open(self, spec: SweepSpec, ray: bool, verbose: bool) -> None:
        """Open MLflow and, with `ray`, start Ray; side by side, because either takes seconds.

        Raises
        ------
        StoreError
            If one of them refuses or does not answer: it is said at once, nothing is begun yet.
        """
        tracking = self._addresses.tracking
        if tracking.startswith("http"):
            server_version(tracking, self._addresses.credentials)  # an absent server is said before Ray is started
        pool = ThreadPoolExecutor(1, "hpsearch-opening")
        opening = pool.submit(open_store, self._addresses, spec.experiment)
        self._writers.append(partial(_done, opening))
        self._close_store = partial(_close_store, pool, opening)
        self._stack.enter_context(closing("MLflow was not closed", self._close_store))
        if ray:
            self.ray(spec, verbose)
        self.store, self.experiment = opening.result()

    def ray(self, spec: SweepSpec, verbose: bool) -> None:
        """Start Ray or join the cluster, for as long as the sweep is held."""
        self._stack.enter_context(_ray(spec, verbose, self._addresses))

    def study(self, study: Study) -> Study:
        """Take a study over, and return it."""
        self._stack.enter_context(closing("the study was not closed", study.close))
        study.guard_with(self.lease.look)
        return study

    def recorder(self, run: SweepRun) -> Recorder:
        """Return the recorder of a sweep's run, which has not begun to write."""
        seconds = self._addresses.mlflow_retry_seconds
        recorder = Recorder(self.store, Spool(self._folder / "spool"), run, seconds, self.timer)
        self._writers.append(recorder.ended)
        self._stack.enter_context(closing("the recorder was not stopped", partial(self._stop_writing, recorder)))
        self._stack.push(partial(self._record_failure, run, recorder))
        return recorder

    def models(self, ready: PreparedSweep, repeats: Repeats) -> Models:
        """Return the folder of the sweep's models; `repeats` trains again what is missing there."""
        return Models(self._folder / "models", ready, repeats)

    def _record_failure(
        self,
        run: SweepRun,
        recorder: Recorder,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing RUNNING behind an error, where the stores still answer.

        Another driver's runs are let alone, and who interrupts for the second time does not want to wait.
        """
        if isinstance(error, Exception) and not isinstance(error, SweepBusy):
            with noting(error, "MLflow was not told of the end"):
                recorder.close(self.lease.keep)
                self.store.write(run.run_id, tags={Tag.STATE: "stopped"})
                self.store.end_run(run.run_id, "FAILED")

    def _stop_writing(self, recorder: Recorder) -> None:
        if not recorder.ended():
            self._left.set()  # so that it waits for nothing
            recorder.abandon()
            recorder.ended(WRITER_SECONDS)

    def _outlast_writers(self) -> None:
        """Keep the leases for as long as something of ours still writes: a call that hangs in the network, perhaps."""
        if not all(ended(0.0) for ended in self._writers):
            leases = self._stack.pop_all()
            threading.Thread(
                target=self._release_last, args=(leases,), name="hpsearch-last-writer", daemon=True
            ).start()

    def _release_last(self, leases: ExitStack) -> None:
        with leases:
            for ended in self._writers:
                ended(None)
            self._close_store()  # once more: what still wrote has opened it again


@contextmanager
def hold_sweep(addresses: Addresses, name: str, stop: threading.Event) -> Iterator[Resources]:
    """Be the sweep's one driver while the block runs: on this machine, and wherever its database is reached.

    Raises
    ------
    SweepBusy
        If another driver holds it.
    """
    with ExitStack() as stack:
        yield Resources(addresses, name, stop, stack)


def open_store(addresses: Addresses, experiment: str) -> tuple[TrackingStore, str]:
    """Return MLflow and the id of the experiment, which is made if it is not there."""
    store = open_store_at(addresses)
    try:
        return store, store.experiment(experiment)
    except BaseException as error:
        with noting(error, "MLflow was not closed"):
            store.close()
        raise


def _done(opening: Future[tuple[TrackingStore, str]], seconds: float | None) -> bool:
    return not wait([opening], seconds).not_done


def _close_store(pool: ThreadPoolExecutor, opening: Future[tuple[TrackingStore, str]]) -> None:
    done = _done(opening, WRITER_SECONDS)
    pool.shutdown(wait=done)
    if done and opening.exception() is None:
        opening.result()[0].close()


@contextmanager
def _ray(spec: SweepSpec, verbose: bool, addresses: Addresses) -> Iterator[None]:
    """Have Ray while the block runs."""
    from hpsearch.execution import ray_runtime

    cluster = (addresses.ray, spec.memory_gib, addresses.ray_token, addresses.ray_token_path)
    try:
        ray_runtime.start(spec.workers, spec.cpus, verbose, *cluster)
    except Exception:
        raise
    except BaseException as interrupt:  # in the midst of it: its processes may be there already
        with noting(interrupt, "Ray was not stopped"):
            ray_runtime.stop()
        raise
    with closing("Ray was not stopped", ray_runtime.stop):
        yield


@contextmanager
def _tidied(addresses: Addresses, name: str) -> Iterator[None]:
    """Take what was made away again if no study came to be: nothing half-made is left."""
    try:
        yield
    except SweepBusy:
        raise  # the folder is the other driver's
    except BaseException as error:
        with noting(error, "the sweep's folder was not taken away"):
            folder = addresses.sweep(name)
            if not _begun_before(addresses, name):
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):  # other sweeps, or their stores, are there
                    folder.parent.rmdir()
                    addresses.home.rmdir()
        raise


def _begun_before(addresses: Addresses, name: str) -> bool:
    """Whether the folder holds more than the lock, perhaps of a study in another storage, or there is a study."""
    folder = addresses.sweep(name)
    if folder.is_dir() and any(place.name != "driver.lock" for place in folder.iterdir()):
        return True
    with suppress(HpsearchError):
        return Study.exists(addresses.storage, name)
    return False
