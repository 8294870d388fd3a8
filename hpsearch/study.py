"""The study: asks a sampler for trials, hears how they went, knows the truth. The only module that imports Optuna.

`sweep` drives it from one process; MLflow is brought into line with it, never the other way round. A trial that was
interrupted goes back to waiting and is asked for again under its own number.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.errors import SpecError, StoreAway, StoreError, SweepExists, UnknownSweep
from hpsearch.patience import patiently
from hpsearch.spec import Algorithm, Parameter, Range, SweepSpec
from hpsearch.spec.space import decoded, encoded, grid
from hpsearch.trial import Counts, Outcome, Proposal, State, TrialRecord

_STATES = {
    State.COMPLETE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
}
_FROM_OPTUNA = {theirs: ours for ours, theirs in _STATES.items()}
PATIENCE_SECONDS = 60.0  # how long a database server may be away
_T = TypeVar("_T")
_RUNGS = 20  # how often a pruner other than asha looks at a trial, unless interval_steps says so


def trial_seed(sweep_seed: int, number: int) -> int:
    """Return the seed of trial `number`; it depends on these two alone, so neither timing nor a restart moves it."""
    return int(np.random.SeedSequence([sweep_seed, number]).generate_state(1)[0])


def quiet(verbose: bool) -> None:
    """Let Optuna speak only if asked to."""
    optuna.logging.set_verbosity(logging.INFO if verbose else logging.ERROR)
    if not verbose:
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class Study:
    """One sweep's study in an Optuna storage; every method may raise StoreError."""

    def __init__(self, study: optuna.Study, spec: SweepSpec, where: str) -> None:
        self._study = study
        self._spec = spec
        self._where = where
        self._distributions = {name: distribution(p) for name, p in spec.space.items()}
        self._open: dict[int, optuna.Trial] = {}
        self._interval = 1

    @classmethod
    def create(cls, url: str, spec: SweepSpec, attributes: dict[str, Any]) -> Study:
        """Make the study of a new sweep; `attributes` must be JSON-able.

        Raises
        ------
        SweepExists
            If the storage has a study of that name.
        """
        direction = StudyDirection.MAXIMIZE if spec.search.maximize else StudyDirection.MINIMIZE
        with _storage_errors(url):
            storage = _storage(url)
            _drop_half_made(storage, spec.name)
            try:
                study = optuna.create_study(storage=storage, study_name=spec.name, direction=direction)
            except optuna.exceptions.DuplicatedStudyError:
                raise SweepExists(spec.name) from None
            for name, value in {**attributes, "spec": spec.model_dump_json()}.items():
                study.set_user_attr(name, value)
        return cls(study, spec, url)

    @classmethod
    def load(cls, url: str, name: str) -> Study:
        """Open the study of a sweep that was begun before, with the spec it was begun with.

        Raises
        ------
        UnknownSweep
            If the storage has no study of that name; a database that does not exist yet is not made.
        """
        if not _there(url):
            raise UnknownSweep(f"{name}: no such sweep in {shown(url)}; there are: none")
        with _storage_errors(url):
            try:
                study = optuna.load_study(storage=_storage(url), study_name=name)
            except KeyError:
                known = optuna.get_all_study_names(storage=_storage(url))
                raise UnknownSweep(f"{name}: no such sweep in {shown(url)}; there are: {_listed(known)}") from None
            attributes = study.user_attrs
        if "spec" not in attributes:
            raise UnknownSweep(f"{name}: a study of that name exists in {shown(url)}, but not one of hpsearch")
        return cls(study, SweepSpec.model_validate_json(attributes["spec"]), url)

    @staticmethod
    def exists(url: str, name: str) -> bool:
        """Whether the storage has a study of that name; a database that does not exist yet is not made."""
        if not _there(url):
            return False
        with _storage_errors(url):
            storage = _storage(url)
            return name in optuna.get_all_study_names(storage=storage) and not _half_made(storage, name)

    @property
    def spec(self) -> SweepSpec:
        """The spec the study was begun with."""
        return self._spec

    @property
    def attributes(self) -> dict[str, Any]:
        """What was stored beside the study."""
        return self._stored(lambda: dict(self._study.user_attrs))

    def remember(self, name: str, value: Any) -> None:
        """Store a JSON-able attribute beside the study."""
        self._stored(lambda: self._study.set_user_attr(name, value))

    def change_spec(self, spec: SweepSpec) -> None:
        """Store a spec with another budget or other workers; what shapes a trial may not have changed."""
        self._spec = spec
        self.remember("spec", spec.model_dump_json())

    def prepare(self, epochs: int | None) -> None:
        """Set the pruner up for trials of `epochs` (None where that is not known beforehand)."""
        self._study.pruner = make_pruner(self._spec.search.pruner, epochs)
        self._interval = int(self._spec.search.pruner.settings.get("interval_steps", max(1, (epochs or 0) // _RUNGS)))

    def ask(self) -> Proposal:
        """Return the next trial: one that waits to be run again, else a new one."""
        trial = self._stored(self._next_trial, before_again=self._requeue_lost)
        self._open[trial.number] = trial
        params = {name: decoded(trial.params[name], self._spec.space[name]) for name in self._spec.space}
        return Proposal(
            number=trial.number,
            params=params,
            settings={**self._spec.settings, **params},
            seed=trial_seed(self._spec.search.seed, trial.number),
        )

    def next_report(self, epoch: int) -> int | None:
        """Return the first epoch after `epoch` whose value the pruner wants, or None where nothing is pruned."""
        pruner = self._study.pruner
        if isinstance(pruner, optuna.pruners.NopPruner):
            return None
        if isinstance(pruner, optuna.pruners.SuccessiveHalvingPruner):
            rung = int(pruner._min_resource or 1)
            while rung <= epoch:
                rung *= pruner._reduction_factor
            return rung
        return (epoch // self._interval + 1) * self._interval

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Store the value of a running trial at an epoch; return whether to stop it."""
        trial = self._open[number]
        self._stored(lambda: trial.report(value, epoch))
        return self._stored(trial.should_prune)

    def tell(self, number: int, outcome: Outcome) -> None:
        """Finish a trial; from here on it is acknowledged and never runs again."""
        trial, told = self._open[number], iter([False])
        note: dict[str, Any] = {"epoch": outcome.epoch, "epochs": outcome.epochs, "reason": outcome.reason}
        note["signs"] = dict(outcome.signs)
        values = outcome.value if outcome.state is State.COMPLETE else None

        def finish() -> None:
            if next(told, True) and self._storage.get_trial(trial._trial_id).state.is_finished():
                return  # the first try succeeded, its answer was lost
            trial.set_user_attr("outcome", note)
            self._study.tell(trial, values, state=_STATES[outcome.state])

        self._stored(finish)
        del self._open[number]

    def requeue(self, number: int) -> None:
        """Put an unfinished trial back among the waiting, to be asked for again under its number."""
        trial = self._open.pop(number)
        self._stored(lambda: self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING))

    def requeue_lost(self) -> int:
        """Put every trial that runs nowhere back among the waiting; only for who holds the sweep's lease."""
        return self._stored(self._requeue_lost)

    def _requeue_lost(self) -> int:
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        lost = [trial for trial in running if trial.number not in self._open]
        for trial in lost:
            self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
        return len(lost)

    def trials(self) -> list[TrialRecord]:
        """Return every trial, in the order of their numbers."""
        return [self._record(trial) for trial in self._stored(lambda: self._study.get_trials(deepcopy=False))]

    @property
    def _storage(self) -> optuna.storages.BaseStorage:
        return self._study._storage

    def _stored(self, work: Callable[[], _T], before_again: Callable[[], object] | None = None) -> _T:
        """Do `work` on the storage; while its database is away, again, after `before_again` has put it in order."""
        first = iter([True])

        def once() -> _T:
            with _storage_errors(self._where), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a trial that runs again reports its first epochs again
                if not next(first, False) and before_again is not None:
                    before_again()
                return work()

        return patiently(once, PATIENCE_SECONDS, on=StoreAway)

    def counts(self) -> Counts:
        """Count the finished trials."""
        states = [trial.state for trial in self.trials()]
        return Counts(*(states.count(state) for state in State))

    def best(self) -> TrialRecord | None:
        """Return the completed trial with the best value, the first of equals; None before any completed."""
        complete = [trial for trial in self.trials() if trial.state is State.COMPLETE and trial.value is not None]
        sign = -1 if self._spec.search.maximize else 1
        return min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)

    def _next_trial(self) -> optuna.Trial:
        seed = trial_seed(self._spec.search.seed, self._next_number())
        self._study.sampler = make_sampler(self._spec, seed)
        return self._study.ask(self._distributions)

    def _next_number(self) -> int:
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        return waiting[0].number if waiting else len(self._study.get_trials(deepcopy=False))

    def _record(self, trial: FrozenTrial) -> TrialRecord:
        space = self._spec.space
        outcome = trial.user_attrs.get("outcome", {})
        return TrialRecord(
            number=trial.number,
            state=_FROM_OPTUNA.get(trial.state),
            value=trial.values[0] if trial.state == TrialState.COMPLETE and trial.values else None,
            params={name: decoded(value, space[name]) for name, value in trial.params.items()},
            epoch=outcome.get("epoch"),
            reason=outcome.get("reason", ""),
            started_ms=_milliseconds(trial.datetime_start),
            ended_ms=_milliseconds(trial.datetime_complete),
            epochs=outcome.get("epochs"),
            signs=outcome.get("signs", {}),
        )


class _Grid(optuna.samplers.GridSampler):
    """Optuna's grid; its own wish to end the search is for `Study.optimize`, here the budget ends it."""

    def after_trial(self, *_: Any) -> None:
        """Leave the end of the search to the driver."""


def distribution(parameter: Parameter) -> BaseDistribution:
    """Translate a parameter of the spec into Optuna's distribution of the same values."""
    if not isinstance(parameter, Range):
        return CategoricalDistribution([encoded(choice) for choice in parameter.choices])
    if parameter.integer:
        step = 1 if parameter.step is None else int(parameter.step)
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log, step=step)
    step_size = None if parameter.step is None else float(parameter.step)
    return FloatDistribution(float(parameter.low), float(parameter.high), log=parameter.log, step=step_size)


def make_sampler(spec: SweepSpec, seed: int) -> optuna.samplers.BaseSampler:
    """Build the spec's sampler; `seed` is the trial's own, except where a sampler needs one for the whole sweep."""
    name, settings = spec.search.sampler.name, spec.search.sampler.settings
    if name == "grid":
        if settings:
            raise SpecError(f"search.sampler: grid: has no settings, got {next(iter(settings))!r}")
        return _Grid(grid(spec.space), seed=spec.search.seed)
    if name == "qmc":
        return _built(optuna.samplers.QMCSampler, spec.search.sampler, "sampler", seed=spec.search.seed)
    kinds: dict[str, Callable[..., optuna.samplers.BaseSampler]]
    kinds = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    if settings.get("n_startup_trials", 1) < 0:
        raise SpecError(f"search.sampler: n_startup_trials must not be negative, got {settings['n_startup_trials']}")
    return _built(kinds[name], spec.search.sampler, "sampler", seed=seed)


def make_pruner(algorithm: Algorithm, epochs: int | None) -> optuna.pruners.BasePruner:
    """Build the spec's pruner for trials of `epochs`."""
    if algorithm.name == "asha":
        factor = algorithm.settings.get("reduction_factor", 3)
        smallest = max(1, (epochs or 81) // factor**4) if isinstance(factor, int) and factor > 1 else 1
        defaults = {"min_resource": smallest, "reduction_factor": factor}
        settings = Algorithm(name="asha", **{**defaults, **algorithm.settings})
        return _built(optuna.pruners.SuccessiveHalvingPruner, settings, "pruner")
    kinds: dict[str, Callable[..., optuna.pruners.BasePruner]]
    kinds = {"none": optuna.pruners.NopPruner, "median": optuna.pruners.MedianPruner}
    return _built(kinds[algorithm.name], algorithm, "pruner")


def _built(kind: Callable[..., _T], algorithm: Algorithm, role: str, **fixed: Any) -> _T:
    """Construct Optuna's class and word its complaints as the spec's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(**{**algorithm.settings, **fixed})
        except (TypeError, ValueError, AttributeError) as error:
            raise SpecError(f"search.{role}: {algorithm.name}: {str(error).replace('__init__() ', '')}") from None


def shown(url: str) -> str:
    """Return a storage address fit to be shown: without a password."""
    if "://" not in url:
        return url
    return sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)


def _storage(url: str) -> optuna.storages.BaseStorage:
    if not url.startswith("sqlite"):
        engine = {"pool_pre_ping": True} if url.startswith("postgresql") else {}
        return optuna.storages.get_storage(optuna.storages.RDBStorage(url, engine_kwargs=engine))
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    # Write-ahead logging: a killed process loses nothing, and a commit does not wait for the platter.
    sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
    storage.engine.dispose()
    return optuna.storages.get_storage(storage)


def _there(url: str) -> bool:
    """Whether there can be a study at `url`: only an embedded database can be missing."""
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def _half_made(storage: optuna.storages.BaseStorage, name: str) -> bool:
    """Whether the study's driver was killed before it could say what the study is: no spec, no trial."""
    number = storage.get_study_id_from_name(name)
    return not storage.get_study_user_attrs(number).get("spec") and not storage.get_n_trials(number)


def _drop_half_made(storage: optuna.storages.BaseStorage, name: str) -> None:
    if name in optuna.get_all_study_names(storage=storage) and _half_made(storage, name):
        optuna.delete_study(study_name=name, storage=storage)


def _write_ahead(connection: Any, _record: Any) -> None:
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")


@contextmanager
def _storage_errors(url: str) -> Iterator[None]:
    """Turn a database's own errors into one line that names the database."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError, ImportError) as error:
        cause = error.__cause__ or error
        first = str(getattr(cause, "orig", cause)).strip().splitlines()
        passing = isinstance(cause, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        kind = StoreAway if passing and url.startswith("postgresql") else StoreError
        raise kind(
            f"{shown(url)}: the study's storage failed: {first[0] if first else type(cause).__name__}"
        ) from error


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _milliseconds(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
