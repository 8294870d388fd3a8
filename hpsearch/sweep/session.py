"""One session of a sweep, from the checks to the summary: begin or resume, search, finish.

The one place that brings study, tracking and cluster together. It takes the sweep's lease first, so that there is
one driver; it puts what an earlier driver left in order before it asks for the first trial.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError, SpecError, StoreError, SweepBusy, SweepExists
from hpsearch.execution.in_process import InProcess
from hpsearch.execution.interface import Cluster
from hpsearch.locking import retry
from hpsearch.locking.database_lease import Held, hold_in_database
from hpsearch.locking.file_lease import hold
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.spec import LoadedSpec, SweepSpec, check_name, with_free
from hpsearch.study.study import FOREIGN, Study
from hpsearch.study.warm_start import foreign_points
from hpsearch.sweep.clock import Clock
from hpsearch.sweep.conclude.finish import Finish
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.driver import Driver
from hpsearch.sweep.events import Listener
from hpsearch.sweep.finalists.finalists import Finalists, pending
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepare import must_match, prepare_sweep
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.recovery import recover
from hpsearch.sweep.stop_reason import stop_reason
from hpsearch.sweep.sweep_run import close_run, open_run
from hpsearch.tracking import open_store_at
from hpsearch.tracking.interface import TrackingStore
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.server import server_version
from hpsearch.tracking.spool import Spool

_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)  # what no code of ours can help


class Session:
    """Runs or resumes sweeps at given addresses; `in_process` debugs without Ray."""

    def __init__(
        self,
        addresses: Addresses,
        listener: Listener | None = None,
        stop: threading.Event | None = None,
        in_process: bool = False,
        verbose: bool = False,
    ) -> None:
        self._addresses, self._listener = addresses, listener or Listener()
        self._stop = stop or threading.Event()
        self._in_process, self._verbose = in_process, verbose
        self._started = time.perf_counter()
        self._lease = Held()

    def run(self, loaded: LoadedSpec) -> Summary:
        """Begin a sweep and bring it to its end.

        Raises
        ------
        SweepExists
            If there is one of that name; `resume` goes on with it.
        UserError
            If something in the spec, the data or the stores is wrong; nothing was begun then.
        """
        ready = prepare_sweep(loaded)
        foreign = self._foreign(ready.spec)
        name = ready.spec.name
        self._check_processors(ready)
        with self._held(name):
            if Study.exists(self._addresses.storage, name):
                raise SweepExists(name)
            with self._begun(ready) as (store, experiment):
                if any(store.find_runs({"hpsearch.kind": "sweep", "hpsearch.sweep": name})):
                    raise SweepExists(name, elsewhere=store.uri)
                study = Study.create(self._addresses.storage, ready.spec, self._marks(ready) | foreign)
                return self._drive(ready, study, store, experiment, new=True)

    def resume(
        self, name: str, trials: int | None = None, workers: int | None = None, spec: LoadedSpec | None = None
    ) -> Summary:
        """Finish an interrupted sweep, or go on with a finished one when `trials` raises its budget.

        A `spec` must say what the sweep was begun with, all but the budget, the workers and what they may take.

        Raises
        ------
        UnknownSweep
            If there is no sweep of that name here.
        SpecError
            If the spec or the data changed since it was begun, or the budget is below what was begun.
        """
        if not Study.exists(self._addresses.storage, check_name(name)):
            Study.load(self._addresses.storage, name)  # says which there are
        with self._held(name):
            study = Study.load(self._addresses.storage, name)
            begun = study.spec
            if spec is not None:
                must_match(spec.spec, begun)
                begun = with_free(begun, spec.spec)
            changed = _raised(begun, study, trials, workers)
            ready = prepare_sweep(LoadedSpec(changed, Path(study.attributes["folder"])))
            if ready.data.fingerprint != study.attributes["data_fingerprint"]:
                raise SpecError(
                    f"{name}: data: must be the rows the sweep was begun with, got other rows "
                    f"(fingerprint {ready.data.fingerprint[:12]}, begun with "
                    f"{study.attributes['data_fingerprint'][:12]}); give the new data to a sweep of another name"
                )
            self._check_processors(ready)
            study.change_spec(ready.spec)
            study.requeue_lost()  # or else they would count as running when it is asked whether the search is over
            searches = not stop_reason(study) or pending(study, ready.spec)
            with self._begun(ready, searches) as (store, experiment):
                return self._drive(ready, study, store, experiment, new=False)

    def _drive(self, ready: PreparedSweep, study: Study, store: TrackingStore, experiment: str, new: bool) -> Summary:
        """Search and finish; MLflow's short absences are waited for."""
        first = iter([new])  # a second try looks for what the first may have created
        run = with_retry(lambda: open_run(store, experiment, ready, next(first, False)), retry.SECONDS)
        folder = self._addresses.sweep(run.name)
        recorder = Recorder(store, Spool(folder / "spool"), run, retry.SECONDS, Timer(self._stop))
        models = Models(folder / "models", ready)
        note, stop, keep = self._listener.note, self._stop, self._lease.keep
        after = Finalists(ready, study, store, run, models, self._cluster, stop, keep, note)
        study.guard_with(self._lease.look)
        try:
            study.prepare(ready.epochs)
            recover(study, recorder, new)
            self._listener.started(run.name, ready.spec.search.trials, study.counts())
            clock = self._search(ready, study, recorder, models)
            if not stop.is_set():
                after.run()
            recorder.close(keep)
            summary = self._concluded(ready, study, store, run, models, after)
            keep()
            summary = replace(summary, seconds=self._seconds(study, clock, recorder))
            with_retry(lambda: close_run(store, run, summary), retry.SECONDS)
            return summary
        except SweepBusy:
            recorder.abandon()  # the runs are the other driver's
            raise
        except Exception as error:
            self._close_after_error(store, run, recorder)
            if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
                told = f"{error.filename or folder}: {error.strerror}"
                raise StoreError(f"{told}; when there is room: hpsearch resume {run.name}") from error
            raise

    def _concluded(
        self, ready: PreparedSweep, study: Study, store: TrackingStore, run: SweepRun, models: Models, after: Finalists
    ) -> Summary:
        """Take the last step and say what the sweep came to."""
        ended = stop_reason(study)
        interrupted = self._stop.is_set() and (not ended or after.pending)
        finish = Finish(ready, study, store, run, models, after)
        found = with_retry(lambda: finish.conclude(self._listener.note, not interrupted), retry.SECONDS)
        return Summary(
            sweep=run.name,
            metric=ready.spec.search.metric or "",
            counts=study.counts(),
            front=study.front(),
            best=found.winner.trial if found.winner else study.best(),
            confirmed=found.winner.confirmed if found.winner else None,
            refit_epochs=found.winner.refit_epochs if found.winner else None,
            score=found.score,
            model_uri=found.model_uri,
            diagnosis=found.diagnosis,
            tracking_uri=store.uri,
            run_id=run.run_id,
            seconds={},
            interrupted=interrupted,
            ended=ended,
            deterministic=ready.spec.search.deterministic,
        )

    def _seconds(self, study: Study, clock: Clock, recorder: Recorder) -> dict[str, float]:
        """Sum up where the time of this session and of those before it went."""
        now = {
            "total": time.perf_counter() - self._started,
            "training": clock.training,
            "bookkeeping": clock.study + recorder.seconds,
            "waiting": clock.waiting,
            "workers": clock.worker_time,
        }
        before = study.attributes.get("seconds", {})
        seconds = {name: round(value + before.get(name, 0.0), 3) for name, value in now.items()}
        study.remember("seconds", seconds)
        return seconds

    def _search(self, ready: PreparedSweep, study: Study, recorder: Recorder, models: Models) -> Clock:
        """Run what the budget still allows; a finished sweep starts no worker."""
        if stop_reason(study):
            return Clock()
        cluster = self._cluster(ready)
        try:
            driver = Driver(
                study,
                cluster,
                recorder,
                models.beside if ready.spec.search.aims else models.save,
                self._listener,
                self._stop,
                ready.epochs,
                self._lease.keep,
            )
            driver.run()
        finally:
            cluster.close()
        return driver.clock

    def _cluster(self, ready: PreparedSweep) -> Cluster:
        if self._in_process:
            return InProcess(ready.assignment(), ready.spec.workers)
        from hpsearch.execution.ray_workers import RayCluster

        spec = ready.spec
        shared_by = spec.name if self._addresses.ray else None
        return RayCluster(ready.assignment(), spec.workers, spec.cpus, spec.memory_gib, shared_by)

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        """Be the sweep's one driver while the block runs: on this machine, and wherever its database is reached."""
        self._addresses.make()
        folder, database = self._addresses.sweep(name), self._addresses.storage
        with hold(folder, name), _tidied(self._addresses, name), hold_in_database(database, name) as self._lease:
            yield

    @contextmanager
    def _begun(self, ready: PreparedSweep, searches: bool = True) -> Iterator[tuple[TrackingStore, str]]:
        """Have MLflow and, for a search, Ray while the block runs; the two start side by side."""
        if self._addresses.tracking.startswith("http"):
            server_version(
                self._addresses.tracking, self._addresses.credentials
            )  # an absent server is said before Ray is started
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(self._open_store, ready.spec.experiment)
            with self._ray(ready) if searches else nullcontext():
                yield opening.result()

    def _open_store(self, experiment: str) -> tuple[TrackingStore, str]:
        store = open_store_at(self._addresses)
        return store, store.experiment(experiment)

    @contextmanager
    def _ray(self, ready: PreparedSweep) -> Iterator[None]:
        """Have Ray while the block runs."""
        if self._in_process:
            yield
            return
        from hpsearch.execution import ray_workers

        spec = ready.spec
        ray_workers.start(spec.workers, spec.cpus, self._verbose, self._addresses.ray, spec.memory_gib)
        try:
            yield
        finally:
            ray_workers.stop()

    def _check_processors(self, ready: PreparedSweep) -> None:
        """Refuse a worker that this machine could never hold; a cluster may still grow."""
        here, wanted = os.cpu_count() or 1, ready.spec.cpus
        if not self._in_process and self._addresses.ray is None and wanted > here:
            raise SpecError(f"cpus: must be at most {here}, the processors of this machine, got {wanted:g}")

    def _foreign(self, spec: SweepSpec) -> dict[str, Any]:
        """Return what the study keeps of the sweep that teaches its sampler."""
        if spec.search.warm_start is None:
            return {}
        other = Study.load(self._addresses.storage, spec.search.warm_start)
        return {FOREIGN: foreign_points(spec, other.spec, other.trials())}

    def _marks(self, ready: PreparedSweep) -> dict[str, Any]:
        """Return what the study remembers beside the spec."""
        return {
            "folder": str(ready.folder),
            "data_fingerprint": ready.data.fingerprint,
            "spec_fingerprint": ready.spec.fingerprint(),
            "hpsearch": version("hpsearch"),
        }

    def _close_after_error(self, store: TrackingStore, run: SweepRun, recorder: Recorder) -> None:
        """Leave nothing RUNNING behind where the stores still answer; the error itself is what the user reads."""
        try:
            recorder.close()
            store.write(run.run_id, tags={"hpsearch.state": "stopped"})
            store.end_run(run.run_id, "FAILED")
        except HpsearchError:
            pass


def _raised(spec: SweepSpec, study: Study, trials: int | None, workers: int | None) -> SweepSpec:
    """Return the spec with another budget or other workers."""
    where, wanted = ("search.trials", spec.search.trials) if trials is None else ("--trials", trials)
    if wanted < study.next_number():
        told = f"{study.next_number()} trials already ({study.counts().finished} finished)"
        raise SpecError(f"{where}: {spec.name} has begun {told}, got {wanted}")
    spec = spec.model_copy(update={"search": spec.search.model_copy(update={"trials": wanted})})
    return spec if workers is None else spec.model_copy(update={"workers": workers})


@contextmanager
def _tidied(addresses: Addresses, name: str) -> Iterator[None]:
    """Take what was made away again if no study came to be: nothing half-made is left."""
    try:
        yield
    except SweepBusy:
        raise  # the folder is the other driver's
    except BaseException:
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
