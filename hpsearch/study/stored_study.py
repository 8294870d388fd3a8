"""A sweep's study as it is stored: made, opened, read and closed; what everyone may do who is not its driver.

`study` adds what the driver does. The database is behind `database`, the trials' encoding in `trial_records`; whose
study it is, `ownership` says.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config.addresses import redact
from hpsearch.errors import UnknownSweep
from hpsearch.locking.retry import Timer
from hpsearch.spec import SweepSpec
from hpsearch.study.database.database import Database, is_there
from hpsearch.study.ownership import is_half_made, is_listed, make_study, stored_spec
from hpsearch.study.pareto_front import front, knee
from hpsearch.study.trial_records import trial_record
from hpsearch.trial import Counts, Outcome, State, TrialRecord

_T = TypeVar("_T")


class StoredStudy:
    """One sweep's study in an Optuna storage; every method may raise StoreError.

    It holds connections until it is closed; as a context manager it closes itself.
    """

    def __init__(self, database: Database, spec: SweepSpec) -> None:
        self._database, self._spec = database, spec
        # Optuna's study reads through a cache; what is written goes to the storage itself, where every error is seen.
        self._study = database.retry(lambda: optuna.load_study(study_name=spec.name, storage=database.storage))
        self._storage: BaseStorage = database.storage
        self._study_id = database.retry(lambda: self._storage.get_study_id_from_name(spec.name))
        self._kept: dict[int, FrozenTrial] | None = None  # every stored trial, for the one who writes them
        self._guard: Callable[[], None] = lambda: None

    @classmethod
    def create(cls, url: str, spec: SweepSpec, attributes: dict[str, Any], timer: Timer | None = None) -> Self:
        """Make the study of a new sweep; `attributes` must be JSON-able.

        Raises
        ------
        SweepExists
            If the storage has a study of that name.
        """
        with ExitStack() as stack:
            database = stack.enter_context(Database(url, timer))
            database.retry(lambda: make_study(database.storage, spec, attributes))
            study = cls(database, spec)
            stack.pop_all()
        return study

    @classmethod
    def load(cls, url: str, name: str, timer: Timer | None = None) -> Self:
        """Open the study of a sweep that was begun before, with the spec it was begun with.

        Raises
        ------
        UnknownSweep
            If the storage has no study of that name; a database that does not exist yet is not made.
        """
        if not is_there(url):
            raise UnknownSweep(f"{name}: no such sweep in {redact(url)}; there are: none")
        with ExitStack() as stack:
            database = stack.enter_context(Database(url, timer))
            spec = database.retry(lambda: stored_spec(database.storage, url, name))
            study = cls(database, spec)
            stack.pop_all()
        return study

    @staticmethod
    def exists(url: str, name: str, timer: Timer | None = None) -> bool:
        """Whether the storage has a study of that name; a database that does not exist yet is not made."""
        if not is_there(url):
            return False
        with Database(url, timer) as database:
            storage = database.storage
            return database.retry(lambda: is_listed(storage, name) and not is_half_made(storage, name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection; may be called again."""
        self._database.close()

    def delete(self) -> None:
        """Take the study away, of which nothing was begun yet."""
        self._retry(lambda: self._storage.delete_study(self._study_id))

    @property
    def spec(self) -> SweepSpec:
        """The spec the study was begun with."""
        return self._spec

    @property
    def attributes(self) -> dict[str, Any]:
        """What was stored beside the study."""
        return self._retry(lambda: dict(self._study.user_attrs))

    def remember(self, name: str, value: Any) -> None:
        """Store a JSON-able attribute beside the study."""
        self._retry(lambda: self._study.set_user_attr(name, value))

    def change_spec(self, spec: SweepSpec) -> None:
        """Store a spec with another budget or other workers; what shapes a trial may not have changed."""
        self._spec = spec
        self.remember("spec", spec.model_dump_json())

    def guard_with(self, guard: Callable[[], None]) -> None:
        """Have `guard` called before anything is done again after the database was unavailable.

        It raises where the sweep went to another driver meanwhile: what this one wanted to write is moot then.
        """
        self._guard = guard

    def next_number(self) -> int:
        """Return the number that the next new trial gets."""
        return len(self._trials())

    def waiting(self) -> int:
        """Count the trials that were interrupted and will be asked for again before any new one."""
        return len(self._trials(TrialState.WAITING))

    def trials(self) -> list[TrialRecord]:
        """Return every trial, in the order of their numbers."""
        return [trial_record(self._spec, trial) for trial in self._trials()]

    def counts(self) -> Counts:
        """Count the finished trials."""
        states = [trial.state for trial in self.trials()]
        return Counts(*(states.count(state) for state in State))

    def best(self) -> TrialRecord | None:
        """Return the completed trial with the best value, the first of equals; None before any completed.

        With several objectives it is the knee of the front.
        """
        if self._spec.search.aims:
            return knee(self.front(), self._spec.search.maximizes)
        complete = [trial for trial in self.trials() if trial.state is State.COMPLETE and trial.value is not None]
        sign = -1 if self._spec.search.maximize else 1
        return min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)

    def front(self) -> list[TrialRecord]:
        """Return the trials that no other beats in every objective; none where there is one objective alone."""
        return front(self.trials(), self._spec.search.maximizes) if self._spec.search.aims else []

    def front_with(self, number: int, outcome: Outcome) -> list[TrialRecord]:
        """Return the front as it will be when trial `number` is told."""
        trial = TrialRecord(number, outcome.state, outcome.value, {}, outcome.epoch, "", None, None)
        return front([*self.front(), replace(trial, values=outcome.values)], self._spec.search.maximizes)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Return the stored trials in the order of their numbers, those of some states or all."""
        return self._retry(lambda: self._stored_trials(*states))

    def _stored_trials(self, *states: TrialState) -> list[FrozenTrial]:
        trials = self._study.get_trials(deepcopy=False) if self._kept is None else list(self._kept.values())
        return [trial for trial in trials if trial.state in states] if states else trials

    def _keep(self) -> None:
        """Read all trials, once: nobody else writes while this driver holds the lease.

        Optuna's own cache asks the database for every unfinished trial, at every look: with 64 workers 50 ms a trial.
        """
        self._kept = {trial.number: trial for trial in self._study.get_trials(deepcopy=False)}

    def _retry(self, work: Callable[[], _T], before_again: Callable[[], object] | None = None) -> _T:
        """Do `work` on the storage; while its database is unavailable, again, after `before_again`."""

        def put_in_order() -> None:
            self._guard()
            if self._kept is not None:
                self._keep()
            if before_again is not None:
                before_again()

        return self._database.retry(work, put_in_order)
