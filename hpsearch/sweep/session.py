"""One session of a sweep, from the checks to the summary: begin or resume, search, finish.

Brings study, tracking and execution together. What it holds meanwhile belongs to `resources`, the sweep's lease first
of all; what an earlier driver left is put in order before the first trial is asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import StoreError, StoreUnavailable, SweepExists
from hpsearch.execution.in_process import InProcess
from hpsearch.execution.interface import Cluster
from hpsearch.locking.closing import closing, noting
from hpsearch.locking.retry import with_retry
from hpsearch.spec import LoadedSpec, SweepSpec, check_name
from hpsearch.study.study import FOREIGN, Study
from hpsearch.study.warm_start import foreign_points
from hpsearch.sweep.clock import Clock
from hpsearch.sweep.conclude.finish import Finish
from hpsearch.sweep.conclude.parts import of_the_machine
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.driver import Driver
from hpsearch.sweep.events import Listener
from hpsearch.sweep.finalists.finalists import Finalists
from hpsearch.sweep.finalists.repeats import Repeats
from hpsearch.sweep.finalists.winner import pending
from hpsearch.sweep.prepare import check_processors, must_be_the_same_rows, prepare_sweep, resumed_spec
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.recovery import recover
from hpsearch.sweep.resources import OpenSweep, Resources, hold_sweep
from hpsearch.sweep.stop_reason import stop_reason
from hpsearch.sweep.sweep_run import close_run, open_run
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.schema import sweep_tags

_KEPT = "what was trained so far is kept"


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
        self._retry_seconds = addresses.mlflow_retry_seconds
        self._started = time.perf_counter()

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
        name, storage = ready.spec.name, self._addresses.storage
        self._check_room(ready.spec)
        with hold_sweep(self._addresses, name, self._stop) as held:
            if Study.exists(storage, name):
                raise SweepExists(name)
            held.open(ready.spec, not self._in_process, self._verbose)
            if any(held.store.find_runs(sweep_tags(name))):
                raise SweepExists(name, elsewhere=held.store.uri)
            study = held.study(Study.create(storage, ready.spec, ready.marks() | foreign, held.timer))
            with self._way_on(held, name):
                return self._drive(held, ready, study, new=True)

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
        with hold_sweep(self._addresses, name, self._stop) as held:
            study = held.study(Study.load(self._addresses.storage, name, held.timer))
            changed = resumed_spec(study, trials, workers, None if spec is None else spec.spec)
            ready = prepare_sweep(LoadedSpec(changed, Path(study.attributes["folder"])))
            must_be_the_same_rows(ready, study.attributes["data_fingerprint"])
            self._check_room(ready.spec)
            study.change_spec(ready.spec)
            study.requeue_lost()  # or else they would count as running when it is asked whether the search is over
            searches = not stop_reason(study) or pending(study, ready.spec)
            held.open(ready.spec, searches and not self._in_process, self._verbose)
            with self._way_on(held, name):
                return self._drive(held, ready, study, new=False)

    def _drive(self, held: Resources, ready: PreparedSweep, study: Study, new: bool) -> Summary:
        """Search and finish; MLflow's short absences are waited for."""
        run = self._open_run(held, ready, study, new)
        self._start_ray = partial(held.ray, ready.spec, self._verbose)
        repeats = Repeats(self._cluster, self._stop, held.lease.keep, self._listener.note, held.timer)
        recorder, models = held.recorder(run), held.models(ready, repeats)
        sweep = OpenSweep(ready, study, held.store, run, models, self._retry_seconds, held.timer)
        finalists = Finalists(sweep, self._cluster, self._stop, held.lease.keep, self._listener.note)
        study.prepare(ready.epochs)
        recover(study, recorder, new)
        self._listener.started(run.name, ready.spec.search.trials, study.counts())
        clock = self._search(held, sweep, recorder)
        if not self._stop.is_set():
            finalists.run()
        recorder.close(held.lease.keep)
        summary = self._conclude(sweep, finalists)
        held.lease.keep()
        total, before = time.perf_counter() - self._started, study.attributes.get("seconds", {})
        seconds = clock.summed(total, recorder.seconds, before)
        study.remember("seconds", seconds)
        summary = replace(summary, seconds=seconds)
        sweep.retried(lambda: close_run(held.store, run, summary))
        return summary

    def _open_run(self, held: Resources, ready: PreparedSweep, study: Study, new: bool) -> SweepRun:
        """Make the sweep's run or find it; where MLflow refuses a new one, nothing of the sweep is left."""
        made_now = new

        def look_first() -> None:  # a second try looks for what the first may have created
            nonlocal made_now
            made_now = False

        try:
            return with_retry(
                lambda: open_run(held.store, held.experiment, ready, made_now),
                self._retry_seconds,
                look_first,
                held.timer,
            )
        except StoreUnavailable:
            raise
        except StoreError as error:
            if new:
                with noting(error, "what had begun was not taken back"):
                    self._take_back(held, study)
            raise

    def _take_back(self, held: Resources, study: Study) -> None:
        for run in held.store.find_runs(sweep_tags(study.spec.name), held.experiment):
            held.store.delete_run(run.run_id)
        study.delete()
        held.begun = False

    def _search(self, held: Resources, sweep: OpenSweep, recorder: Recorder) -> Clock:
        """Run what the budget still allows; a finished sweep starts no worker."""
        if stop_reason(sweep.study):
            return Clock()
        cluster = self._cluster(sweep.ready)
        with closing("the workers were not ended", cluster.close):
            driver = Driver(
                sweep.study,
                cluster,
                recorder,
                sweep.models.beside if sweep.ready.spec.search.aims else sweep.models.save,
                self._listener,
                self._stop,
                sweep.ready.epochs,
                held.lease.keep,
            )
            driver.run()
        return driver.clock

    def _conclude(self, sweep: OpenSweep, finalists: Finalists) -> Summary:
        """Take the last step and say what the sweep came to."""
        ended = stop_reason(sweep.study)
        interrupted = self._stop.is_set() and (not ended or finalists.pending)
        finish = Finish(sweep, finalists, self._listener.note)
        conclusion = sweep.retried(lambda: finish.conclude(pictures=not interrupted))
        return conclusion.summary(sweep, ended, interrupted)

    def _cluster(self, ready: PreparedSweep) -> Cluster:
        """Return workers that hold the rows of `ready`; Ray is started where nobody needed it so far."""
        if self._in_process:
            return InProcess(ready.assignment(), ready.spec.workers)
        from hpsearch.execution import ray_runtime
        from hpsearch.execution.ray_workers import RayCluster

        if not ray_runtime.running():
            self._start_ray()
        spec = ready.spec
        shared_by, silence = spec.name if self._addresses.ray else None, self._addresses.silence_seconds
        return RayCluster(ready.assignment(), spec.workers, spec.cpus, spec.memory_gib, shared_by, silence)

    def _check_room(self, spec: SweepSpec) -> None:
        if not self._in_process and self._addresses.ray is None:
            check_processors(spec)

    def _foreign(self, spec: SweepSpec) -> dict[str, Any]:
        """Return what the study keeps of the sweep that teaches its sampler."""
        if spec.search.warm_start is None:
            return {}
        other = Study.load(self._addresses.storage, spec.search.warm_start)
        with closing("the study that teaches was not closed", other.close):
            return {FOREIGN: foreign_points(spec, other.spec, other.trials())}

    @contextmanager
    def _way_on(self, held: Resources, name: str) -> Iterator[None]:
        """Let errors of stores and of this machine say how to go on, where something of the sweep is kept."""
        try:
            yield
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{error}; {_KEPT}; when it answers: hpsearch resume {name}") from error
        except StoreError as error:
            if not held.begun:
                raise
            raise StoreError(f"{error}; {_KEPT}; when that is mended: hpsearch resume {name}") from error
        except OSError as error:
            if not of_the_machine(error):
                raise
            where = error.filename or self._addresses.sweep(name)
            raise StoreError(f"{where}: {error.strerror}; when there is room: hpsearch resume {name}") from error
