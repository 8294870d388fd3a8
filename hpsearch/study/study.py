"""The study: asks a sampler for trials, hears how they went, knows the truth. The only module that imports Optuna.

`sweep` drives it from one process; MLflow is brought into line with it, never the other way round. A trial that was
interrupted goes back to waiting and is asked for again under its own number.
"""

from __future__ import annotations

import copy
import datetime
import logging
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config.addresses import redact
from hpsearch.errors import SpecError, StoreError, StoreUnavailable, SweepExists, UnknownSweep
from hpsearch.locking.database_lease import soon_given_up
from hpsearch.locking.retry import Timer, with_retry
from hpsearch.spec import Algorithm, Parameter, Range, SweepSpec
from hpsearch.spec.algorithms import PRUNER_KINDS
from hpsearch.spec.conditions import in_order, is_active
from hpsearch.spec.space import decoded, encoded
from hpsearch.study import pruning_rules
from hpsearch.study.known_points import known_points
from hpsearch.study.pareto_front import front, knee
from hpsearch.study.rungs import Rungs, rungs, settled
from hpsearch.study.samplers import sampler_settings
from hpsearch.study.trial_storage import View
from hpsearch.trial import Counts, Curve, Outcome, State, Suggestion, TrialRecord

_STATES = {
    State.COMPLETE: TrialState.COMPLETE,
    State.PRUNED: TrialState.PRUNED,
    State.FAILED: TrialState.FAIL,
}
_FROM_OPTUNA = {theirs: ours for ours, theirs in _STATES.items()}
PATIENCE_SECONDS = 60.0  # how long a database server may be away
_T = TypeVar("_T")
_FEWEST_FOR_IMPORTANCE, _MOST_FOR_IMPORTANCE, _TREES = 4, 200, 32
_RUNG = "completed_rung_"  # what asha notes of a trial
FOREIGN = "foreign"  # the attribute that holds another sweep's trials
_MARK = "hpsearch-study"  # the first attribute of a study that is ours
_TABLE_PAUSES = (0.1, 0.3, 1.0, 2.0)  # while another process makes the tables
_DRAFT = -1  # the number in the storage of a trial that is not stored yet


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

    def __init__(self, study: optuna.Study, spec: SweepSpec, where: str, timer: Timer | None = None) -> None:
        self._study = study
        self._timer = timer or Timer()
        self._spec = spec
        self._where = where
        self._distributions = {name: distribution(p) for name, p in spec.space.items()}
        self._open: dict[int, FrozenTrial] = {}  # running, with what they reported: stored once they end
        self._pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
        self._rungs: Rungs | None = None
        self._points = known_points(spec)
        self._kept: dict[int, FrozenTrial] | None = None  # every stored trial, for the one who writes them
        self._guard: Callable[[], None] = lambda: None

    @classmethod
    def create(cls, url: str, spec: SweepSpec, attributes: dict[str, Any], timer: Timer | None = None) -> Study:
        """Make the study of a new sweep; `attributes` must be JSON-able.

        Raises
        ------
        SweepExists
            If the storage has a study of that name.
        """
        directions = [
            StudyDirection.MAXIMIZE if one else StudyDirection.MINIMIZE for one in spec.search.maximizes.values()
        ]
        with _storage_errors(url):
            storage = _storage(url)
            _drop_half_made(storage, spec.name)
            try:
                study = optuna.create_study(storage=storage, study_name=spec.name, directions=directions)
            except optuna.exceptions.DuplicatedStudyError:
                raise SweepExists(spec.name) from None
            for name, value in {_MARK: True, **attributes, "spec": spec.model_dump_json()}.items():
                study.set_user_attr(name, value)
        return cls(study, spec, url, timer)

    @classmethod
    def load(cls, url: str, name: str, timer: Timer | None = None) -> Study:
        """Open the study of a sweep that was begun before, with the spec it was begun with.

        Raises
        ------
        UnknownSweep
            If the storage has no study of that name; a database that does not exist yet is not made.
        """
        if not _there(url):
            raise UnknownSweep(f"{name}: no such sweep in {redact(url)}; there are: none")
        with _storage_errors(url):
            try:
                study = optuna.load_study(storage=_storage(url), study_name=name)
            except KeyError:
                known = optuna.get_all_study_names(storage=_storage(url))
                raise UnknownSweep(f"{name}: no such sweep in {redact(url)}; there are: {_listed(known)}") from None
            attributes = study.user_attrs
        if "spec" not in attributes and _MARK in attributes:
            raise UnknownSweep(
                f"{name}: its driver was killed before the sweep had begun: begin it again, hpsearch run"
            )
        if "spec" not in attributes:
            raise UnknownSweep(f"{name}: a study of that name exists in {redact(url)}, but not one of hpsearch")
        return cls(study, SweepSpec.model_validate_json(attributes["spec"]), url, timer)

    @staticmethod
    def exists(url: str, name: str) -> bool:
        """Whether the storage has a study of that name; a database that does not exist yet is not made."""
        if not _there(url):
            return False
        with _storage_errors(url):
            storage = _storage(url)
            try:
                return name in optuna.get_all_study_names(storage=storage) and not _half_made(storage, name)
            finally:
                _dispose(storage)

    def close(self) -> None:
        """Give the connections to the database back; a method that is called after that opens new ones."""
        _dispose(self._storage)

    def delete(self) -> None:
        """Take the study away, of which nothing was begun yet."""
        self._stored(lambda: self._storage.delete_study(self._study._study_id))

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

    def guard_with(self, guard: Callable[[], None]) -> None:
        """Have `guard` called before anything is done again after the database was away.

        It raises where the sweep went to another driver meanwhile: what this one wanted to write is moot then.
        """
        self._guard = guard

    def prepare(self, epochs: int | None) -> None:
        """Set the pruner up for trials of `epochs` (None where that is not known beforehand); for the one driver."""
        self._stored(self._keep)
        self._pruner = make_pruner(self._spec.search.pruner, epochs)
        self._rungs = rungs(self._spec.search.pruner, epochs)

    def ask(self) -> Suggestion:
        """Return the next trial: one that waits to be run again, else a new one."""
        trial = self._stored(self._next_trial, before_again=self._requeue_lost)
        self._open[trial.number] = trial
        params = self._plain(trial.params)
        return Suggestion(
            number=trial.number,
            params=params,
            settings={**self._spec.settings, **params},
            seed=trial_seed(self._spec.search.seed, trial.number),
        )

    def _plain(self, stored: dict[str, Any]) -> dict[str, Any]:
        """Return stored parameters as the spec writes them, in its order."""
        return {name: decoded(stored[name], p) for name, p in self._spec.space.items() if name in stored}

    def next_report(self, epoch: int) -> int | None:
        """Return the first epoch after `epoch` whose value the pruner wants, or None where nothing is pruned."""
        return None if self._rungs is None else self._rungs.after(epoch)

    def report(self, number: int, epoch: int, value: float, curve: Curve | None = None) -> str:
        """Note the value of a running trial at an epoch; return why to stop it, empty where it goes on."""
        trial, pruner = self._open[number], self._spec.search.pruner
        if epoch <= max(trial.intermediate_values, default=0):  # its worker died and it began again
            trial = self._open[number] = _as_begun(trial)
        trial.intermediate_values[epoch] = value
        if curve is not None:
            trial.user_attrs = pruning_rules.facts(pruner, curve)
        if not self._stored(lambda: self._pruner.prune(self._seen_by(trial), trial)):
            return ""
        told = f"pruned after epoch {epoch}: {self._spec.search.metric}={value:.6g}"
        why = pruning_rules.complaint(pruner, trial.user_attrs) if isinstance(self._pruner, _Watch) else ""
        return f"{told}; {why}" if why else told

    def tell(self, number: int, outcome: Outcome) -> None:
        """Finish a trial; from here on it is acknowledged and never runs again."""
        trial, told = self._open[number], iter([False])
        note: dict[str, Any] = {"epoch": outcome.epoch, "epochs": outcome.epochs, "reason": outcome.reason}
        note |= {"signs": dict(outcome.curve_stats), "clock": round(outcome.clock, 3), "worker": outcome.worker}

        def finish() -> None:
            if next(told, True) and self._storage.get_trial(trial._trial_id).state.is_finished():
                return  # the first try succeeded, its answer was lost
            self._write_reports(trial)
            self._storage.set_trial_user_attr(trial._trial_id, "outcome", note)
            values = _values(trial, outcome)
            self._storage.set_trial_state_values(trial._trial_id, _STATES[outcome.state], values)
            self._renew(trial)

        self._stored(finish)
        del self._open[number]

    def _write_reports(self, trial: FrozenTrial) -> None:
        """Store what a trial reported on its way; samplers and pruners of later trials compare with it."""
        if self._spec.search.aims:  # Optuna compares single values only
            trial.intermediate_values = {}
        for epoch, value in trial.intermediate_values.items():
            self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)
        for name, value in trial.system_attrs.items():
            if name.startswith(_RUNG):
                self._storage.set_trial_system_attr(trial._trial_id, name, value)

    def requeue(self, number: int) -> None:
        """Put an unfinished trial back among the waiting, to be asked for again under its number."""
        trial = self._open.pop(number)

        def put_back() -> None:
            self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            self._renew(trial)

        self._stored(put_back)

    def requeue_lost(self) -> int:
        """Put every trial that runs nowhere back among the waiting; only for who holds the sweep's lease."""
        return self._stored(self._requeue_lost)

    def _requeue_lost(self) -> int:
        running = self._all(TrialState.RUNNING)
        lost = [trial for trial in running if trial.number not in self._open]
        for trial in lost:
            self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
            self._renew(trial)
        return len(lost)

    def _keep(self) -> None:
        """Read all trials, once: nobody else writes while this driver holds the lease.

        Optuna's own cache asks the database for every unfinished trial, at every look: with 64 workers 50 ms a trial.
        """
        self._kept = {trial.number: trial for trial in self._study.get_trials(deepcopy=False)}

    def _renew(self, trial: FrozenTrial) -> None:
        """Read one trial again, after it was written."""
        if self._kept is not None:
            self._kept[trial.number] = self._backend.get_trial(trial._trial_id)

    def _all(self, *states: TrialState) -> list[FrozenTrial]:
        """Return the stored trials in the order of their numbers, those of some states or all."""
        stored = self._study.get_trials(deepcopy=False) if self._kept is None else list(self._kept.values())
        return [trial for trial in stored if trial.state in states] if states else stored

    def next_number(self) -> int:
        """Return the number that the next new trial gets."""
        return self._stored(lambda: len(self._all()))

    def waiting(self) -> int:
        """Count the trials that were interrupted and will be asked for again before any new one."""
        return self._stored(lambda: len(self._all(TrialState.WAITING)))

    def trials(self) -> list[TrialRecord]:
        """Return every trial, in the order of their numbers."""
        return [self._record(trial) for trial in self._stored(self._all)]

    @property
    def _storage(self) -> optuna.storages.BaseStorage:
        return self._study._storage

    @property
    def _backend(self) -> optuna.storages.BaseStorage:
        """The storage behind Optuna's cache."""
        backend: optuna.storages.BaseStorage = getattr(self._storage, "_backend", self._storage)
        return backend

    def _stored(self, work: Callable[[], _T], before_again: Callable[[], object] | None = None) -> _T:
        """Do `work` on the storage; while its database is away, again, after `before_again` has put it in order."""
        first = iter([True])

        def once() -> _T:
            with _storage_errors(self._where), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a trial that runs again reports its first epochs again
                if not next(first, False):
                    self._guard()
                    # Its connection died within a transaction; Optuna's cache does not pass this on to the database.
                    self._backend.remove_session()
                    if self._kept is not None:
                        self._keep()
                    if before_again is not None:
                        before_again()
                return work()

        return with_retry(once, PATIENCE_SECONDS, timer=self._timer)

    def counts(self) -> Counts:
        """Count the finished trials."""
        states = [trial.state for trial in self.trials()]
        return Counts(*(states.count(state) for state in State))

    def best(self) -> TrialRecord | None:
        """Return the completed trial with the best value, the first of equals; None before any completed.

        With several aims it is the knee of the front.
        """
        if self._spec.search.aims:
            return knee(self.front(), self._spec.search.maximizes)
        complete = [trial for trial in self.trials() if trial.state is State.COMPLETE and trial.value is not None]
        sign = -1 if self._spec.search.maximize else 1
        return min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)

    def front(self) -> list[TrialRecord]:
        """Return the trials that no other beats in every aim; none where there is one aim alone."""
        return front(self.trials(), self._spec.search.maximizes) if self._spec.search.aims else []

    def front_with(self, number: int, outcome: Outcome) -> list[TrialRecord]:
        """Return the front as it will be when trial `number` is told."""
        trial = TrialRecord(number, outcome.state, outcome.value, {}, outcome.epoch, "", None, None)
        return front([*self.front(), replace(trial, values=outcome.values)], self._spec.search.maximizes)

    def _next_trial(self) -> FrozenTrial:
        waiting = self._all(TrialState.WAITING)
        if waiting:
            self._storage.set_trial_state_values(waiting[0]._trial_id, TrialState.RUNNING)
            self._renew(waiting[0])
            return _as_begun(waiting[0])
        trial = self._draft(len(self._all()))
        trial._trial_id = self._storage.create_new_trial(self._study._study_id, trial)
        self._renew(trial)
        return trial

    def _draft(self, number: int) -> FrozenTrial:
        """Let the sampler choose the parameters of a new trial; nothing of it is stored yet."""
        known = self._points[number] if number < len(self._points) else {}
        draft = FrozenTrial(
            number=number,
            state=TrialState.RUNNING,
            value=None,
            datetime_start=datetime.datetime.now(),
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs={},
            system_attrs={"fixed_params": known} if known else {},
            intermediate_values={},
            trial_id=_DRAFT,
        )
        seen = self._seen_by(draft, self._foreign)
        seed = trial_seed(self._spec.search.seed, number)
        seen.sampler = make_sampler(self._spec, seed, number, self._foreign)
        trial = optuna.Trial(seen, _DRAFT)
        for name in in_order(self._spec.space):
            if is_active(self._spec.space, name, self._plain(draft.params)):
                trial._suggest(name, self._distributions[name])
        return draft

    @cached_property
    def _foreign(self) -> list[FrozenTrial]:
        """Trials of another sweep, as the sampler sees them: in front of all others, under numbers below zero."""
        return [self._as_foreign(place, told) for place, told in enumerate(self.attributes.get(FOREIGN, ()))]

    def _as_foreign(self, place: int, told: dict[str, Any]) -> FrozenTrial:
        params = {name: encoded(value) for name, value in told["params"].items()}
        moment = datetime.datetime.fromtimestamp(0)
        return FrozenTrial(
            number=-1 - place,
            state=TrialState.COMPLETE,
            value=None,
            values=told["values"],
            datetime_start=moment,
            datetime_complete=moment,
            params=params,
            distributions={name: self._distributions[name] for name in params},
            user_attrs={"foreign": [self._spec.search.warm_start, told["number"]]},
            system_attrs={},
            intermediate_values={},
            trial_id=_DRAFT - 1 - place,
        )

    def _seen_by(self, trial: FrozenTrial, foreign: Sequence[FrozenTrial] = ()) -> optuna.Study:
        """Return the study as the sampler or the pruner of `trial` may see it."""
        search = self._spec.search
        before = trial.number - (search.window or 1) + 1 if search.deterministic else None
        view: Any = View(self._storage, self._study._study_id, self._all, trial, self._open, before, foreign)
        return optuna.Study("hpsearch", view, pruner=self._pruner)

    def _values(self, trial: FrozenTrial) -> dict[str, float]:
        """Return the value of every aim of a completed trial, where there are several."""
        values = trial.values if trial.state == TrialState.COMPLETE and self._spec.search.aims else []
        return dict(zip(self._spec.search.metrics, values, strict=False))

    def _record(self, trial: FrozenTrial) -> TrialRecord:
        outcome = trial.user_attrs.get("outcome", {})
        return TrialRecord(
            number=trial.number,
            state=_FROM_OPTUNA.get(trial.state),
            value=trial.values[0] if trial.state == TrialState.COMPLETE and trial.values else None,
            params=self._plain(trial.params),
            epoch=outcome.get("epoch"),
            reason=outcome.get("reason", ""),
            started_ms=None if trial.state == TrialState.WAITING else _milliseconds(trial.datetime_start),
            ended_ms=_milliseconds(trial.datetime_complete),
            epochs=outcome.get("epochs"),
            curve_stats=outcome.get("signs", {}),
            clock=outcome.get("clock", 0.0),
            values=self._values(trial),
            worker=outcome.get("worker", ""),
        )


class _Storage(optuna.storages.RDBStorage):
    """Optuna's, with a creation that may be repeated: Optuna itself does so where the answer to a commit was lost."""

    def _get_prepared_new_trial(self, study_id: int, template_trial: FrozenTrial | None, session: Any) -> Any:
        if template_trial is not None:  # the study's row is locked here
            wanted = {"study_id": study_id, "number": template_trial.number}
            there = session.query(optuna.storages._rdb.models.TrialModel).filter_by(**wanted).one_or_none()
            if there is not None:
                return there
        return super()._get_prepared_new_trial(study_id, template_trial, session)


class _Qmc(optuna.samplers.QMCSampler):
    """Optuna's sequence by the trial's number: neither a restart nor a lost answer skips a point of it."""

    def __init__(self, number: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._number = number

    def _find_sample_id(self, *_: Any) -> int:
        return max(0, self._number - 1)  # the first trial is drawn at random, the sequence begins with the second


class _Watch(optuna.pruners.BasePruner):
    """Our own pruners; what they look at stands among a trial's user attributes, one list a metric."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether the trial should stop, whatever the others do."""
        return bool(pruning_rules.complaint(self._algorithm, trial.user_attrs))


def distribution(parameter: Parameter) -> BaseDistribution:
    """Translate a parameter of the spec into Optuna's distribution of the same values."""
    if not isinstance(parameter, Range):
        return CategoricalDistribution([encoded(choice) for choice in parameter.choices])
    if parameter.integer:
        step = 1 if parameter.step is None else int(parameter.step)
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log, step=step)
    step_size = None if parameter.step is None else float(parameter.step)
    return FloatDistribution(float(parameter.low), float(parameter.high), log=parameter.log, step=step_size)


def make_sampler(
    spec: SweepSpec, seed: int, number: int = 0, foreign: Sequence[FrozenTrial] = ()
) -> optuna.samplers.BaseSampler:
    """Build the spec's sampler for trial `number`; `seed` is the trial's own."""
    kind, settings = spec.search.sampler_kind, sampler_settings(spec, seed)
    if spec.search.sampler.name == "cmaes" and foreign:
        settings["source_trials"] = list(foreign)
    if spec.search.sampler.name == "qmc":
        return _built(_Qmc, "sampler", "qmc", {"number": number, **settings})
    # Every parameter of a grid's point is known beforehand.
    name = kind.engine or "RandomSampler"
    made: Callable[..., optuna.samplers.BaseSampler] = getattr(optuna.samplers, name)
    return _built(made, "sampler", spec.search.sampler.name, settings)


def make_pruner(algorithm: Algorithm, epochs: int | None) -> optuna.pruners.BasePruner:
    """Build the spec's pruner for trials of `epochs`."""
    kind, settings = PRUNER_KINDS[algorithm.name], settled(algorithm, epochs)
    if not kind.engine:
        return _Watch(algorithm)
    if algorithm.name == "patience":
        wrapped = settings.pop("wrapped", None)
        settings["wrapped_pruner"] = make_pruner(Algorithm(name=wrapped), epochs) if wrapped else None
    if algorithm.name == "wilcoxon":
        settings.pop("interval_steps", None)
    made: Callable[..., optuna.pruners.BasePruner] = getattr(optuna.pruners, kind.engine)
    return _built(made, "pruner", algorithm.name, settings)


def _built(kind: Callable[..., _T], role: str, name: str, settings: dict[str, Any]) -> _T:
    """Construct Optuna's class and word its complaints as the spec's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(**settings)
        except (TypeError, ValueError, AttributeError, ImportError) as error:
            told = " ".join(str(error).replace("__init__() ", "").split())
            raise SpecError(f"search.{role}: {name}: {told}") from None


def _as_begun(trial: FrozenTrial) -> FrozenTrial:
    """Return an interrupted trial as it was when it began: with its parameters, without what it reported."""
    begun = copy.copy(trial)
    begun.state, begun.intermediate_values, begun.user_attrs = TrialState.RUNNING, {}, {}
    begun.system_attrs = {name: value for name, value in trial.system_attrs.items() if not name.startswith(_RUNG)}
    return begun


def _values(trial: FrozenTrial, outcome: Outcome) -> list[float] | None:
    """Return what Optuna keeps as the trial's values; of a pruned one the last it reported."""
    if outcome.state is State.COMPLETE and outcome.value is not None:
        return list(outcome.values.values()) or [outcome.value]
    if outcome.state is State.PRUNED and trial.last_step is not None:
        return [trial.intermediate_values[trial.last_step]]
    return None


def importances(space: Mapping[str, Parameter], trials: Iterable[TrialRecord], maximize: bool) -> dict[str, float]:
    """Return each parameter's share of the differences between values, the largest first; empty for too few trials.

    Optuna's fANOVA (Hutter, Hoos, Leyton-Brown, ICML 2014), over the parameters that every complete trial has; of
    many trials over 200, evenly spaced, because its cost grows with their square. Needs no storage, the trials alone.
    """
    distributions = {name: distribution(parameter) for name, parameter in space.items()}
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    complete = [record for record in trials if record.state is State.COMPLETE and record.value is not None]
    if len(complete) < _FEWEST_FOR_IMPORTANCE:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=_TREES, seed=0)
    try:
        for place in sorted({int(place) for place in np.linspace(0, len(complete) - 1, _MOST_FOR_IMPORTANCE)}):
            params = {name: encoded(value) for name, value in complete[place].params.items() if name in space}
            theirs = {name: distributions[name] for name in params}
            study.add_trial(optuna.create_trial(params=params, distributions=theirs, value=complete[place].value))
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in shares.items()}
    except (ValueError, RuntimeError):
        return {}  # all values are equal, no parameter is in every trial, or a record is of another space


def try_storage(url: str) -> None:
    """Write to a storage: make an empty study and take it away again.

    Raises
    ------
    StoreError
        If that is not possible.
    """
    with _storage_errors(url):
        storage = _storage(url)
        name = f"hpsearch-check-{uuid4().hex}"
        optuna.create_study(storage=storage, study_name=name)
        optuna.delete_study(storage=storage, study_name=name)


def _storage(url: str) -> optuna.storages.BaseStorage:
    if not url.startswith("sqlite"):
        engine: dict[str, Any] = {}
        if url.startswith("postgresql"):
            engine = {"pool_pre_ping": True, "connect_args": soon_given_up(url)}
        return optuna.storages.get_storage(_opened(url, engine))
    storage = _opened(url, {"connect_args": {"timeout": 60}})
    # Write-ahead logging: a killed process loses nothing, and a commit does not wait for the disk.
    sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
    storage.engine.dispose()
    return optuna.storages.get_storage(storage)


def _opened(url: str, engine: dict[str, Any]) -> _Storage:
    """Open a storage; of two that make its tables at once one fails, and finds them a moment later."""
    for pause in _TABLE_PAUSES:
        try:
            return _Storage(url, engine_kwargs=engine)
        except sqlalchemy.exc.SQLAlchemyError as error:
            if not isinstance(error, sqlalchemy.exc.IntegrityError) and "already exists" not in str(error):
                raise
        time.sleep(pause)
    return _Storage(url, engine_kwargs=engine)


def _dispose(storage: optuna.storages.BaseStorage) -> None:
    """Close the connections of a storage."""
    backend: Any = getattr(storage, "_backend", storage)  # behind Optuna's cache
    backend.remove_session()
    backend.engine.dispose()


def _there(url: str) -> bool:
    """Whether there can be a study at `url`: only an embedded database can be missing."""
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def _half_made(storage: optuna.storages.BaseStorage, name: str) -> bool:
    """Whether the study's driver was killed before it could say what the study is: ours or empty, and no trial."""
    number = storage.get_study_id_from_name(name)
    known = storage.get_study_user_attrs(number)
    return not known.get("spec") and (not known or _MARK in known) and not storage.get_n_trials(number)


def _drop_half_made(storage: optuna.storages.BaseStorage, name: str) -> None:
    if name in optuna.get_all_study_names(storage=storage) and _half_made(storage, name):
        optuna.delete_study(study_name=name, storage=storage)


def _write_ahead(connection: Any, _record: Any) -> None:
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")


_PASSING = (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError, sqlalchemy.exc.PendingRollbackError)


@contextmanager
def _storage_errors(url: str) -> Iterator[None]:
    """Turn a database's own errors into one line that names the database."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError, ImportError) as error:
        cause = error.__cause__ or error
        first = str(getattr(cause, "orig", cause)).strip().splitlines()
        passing = isinstance(cause, _PASSING)
        kind = StoreUnavailable if passing and url.startswith("postgresql") else StoreError
        raise kind(
            f"{redact(url)}: the study's storage failed: {first[0] if first else type(cause).__name__}"
        ) from error


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _milliseconds(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
