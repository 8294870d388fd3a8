"""The study as its driver uses it: asks a sampler for trials, hears how they went, knows the truth.

`sweep` drives it from one process; MLflow is brought into line with it, never the other way round. A trial that was
interrupted goes back to waiting and is asked for again under its own number. `stored_study` is what others read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpsearch.spec import SweepSpec
from hpsearch.study import pruning_rules
from hpsearch.study.database.database import Database
from hpsearch.study.engine import RulePruner, make_pruner
from hpsearch.study.rungs import Rungs, rungs
from hpsearch.study.sampling import Sampling, trial_seed
from hpsearch.study.stored_study import StoredStudy
from hpsearch.study.trial_records import (
    DRAFT_ID,
    RUNG_NOTE,
    STATES,
    as_begun,
    draft,
    outcome_note,
    plain_params,
    stored_values,
)
from hpsearch.study.trial_storage import TrialStorage
from hpsearch.trial import Curve, Outcome, Suggestion

__all__ = ["FOREIGN", "Study", "trial_seed"]

FOREIGN = "foreign"  # the attribute that holds another sweep's trials


class Study(StoredStudy):
    """One sweep's study, for the one driver that holds the sweep's lease."""

    def __init__(self, database: Database, spec: SweepSpec) -> None:
        super().__init__(database, spec)
        self._sampling = Sampling(spec)
        self._open: dict[int, FrozenTrial] = {}  # running, with what they reported: stored once they end
        self._ids: dict[int, int] = {}  # of trials in the storage, by number
        self._pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
        self._rungs: Rungs | None = None

    def prepare(self, epochs: int | None) -> None:
        """Set the pruner up for trials of `epochs` (None where that is not known beforehand)."""
        self._retry(self._keep)
        self._pruner = make_pruner(self._spec.search.pruner, epochs)
        self._rungs = rungs(self._spec.search.pruner, epochs)

    def ask(self) -> Suggestion:
        """Return the next trial: one that waits to be run again, else a new one."""
        trial = self._retry(self._next_trial, before_again=self._requeue_lost)
        self._open[trial.number] = trial
        params = plain_params(self._spec, trial.params)
        return Suggestion(
            number=trial.number,
            params=params,
            settings={**self._spec.settings, **params},
            seed=trial_seed(self._spec.search.seed, trial.number),
        )

    def next_report(self, epoch: int) -> int | None:
        """Return the first epoch after `epoch` whose value the pruner wants, or None where nothing is pruned."""
        return None if self._rungs is None else self._rungs.after(epoch)

    def report(self, number: int, epoch: int, value: float, curve: Curve | None = None) -> str:
        """Note the value of a running trial at an epoch; return why to stop it, empty where it goes on."""
        trial = self._open[number]
        if epoch <= max(trial.intermediate_values, default=0):  # its worker died and it began again
            trial = self._open[number] = as_begun(trial)
        trial.intermediate_values[epoch] = value
        if curve is not None:
            trial.user_attrs = pruning_rules.facts(self._spec.search.pruner, curve)
        if not self._retry(lambda: self._pruner.prune(self._seen_by(trial), trial)):
            return ""
        message = f"pruned after epoch {epoch}: {self._spec.search.metric}={value:.6g}"
        reason = self._pruner.reason(trial) if isinstance(self._pruner, RulePruner) else ""
        return f"{message}; {reason}" if reason else message

    def tell(self, number: int, outcome: Outcome) -> None:
        """Finish a trial; from here on it is acknowledged and never runs again."""
        trial, trial_id = self._open[number], self._id(number)

        def finish() -> None:
            if self._kept_trials()[number].state.is_finished():
                return  # the try before succeeded, its answer was lost
            self._write_reports(trial)
            self._storage.set_trial_user_attr(trial_id, "outcome", outcome_note(outcome))
            self._storage.set_trial_state_values(trial_id, STATES[outcome.state], stored_values(trial, outcome))
            self._renew(number)

        self._retry(finish)
        del self._open[number]

    def _write_reports(self, trial: FrozenTrial) -> None:
        """Store what a trial reported on its way; samplers and pruners of later trials compare with it."""
        trial_id = self._id(trial.number)
        if self._spec.search.aims:  # Optuna compares single values only
            trial.intermediate_values = {}
        for epoch, value in trial.intermediate_values.items():
            self._storage.set_trial_intermediate_value(trial_id, epoch, value)
        for name, value in trial.system_attrs.items():
            if name.startswith(RUNG_NOTE):
                self._storage.set_trial_system_attr(trial_id, name, value)

    def requeue(self, number: int) -> None:
        """Put an unfinished trial back among the waiting, to be asked for again under its number."""
        del self._open[number]
        self._retry(lambda: self._set_state(number, TrialState.WAITING))

    def requeue_lost(self) -> int:
        """Put every trial that runs nowhere back among the waiting; only for who holds the sweep's lease."""
        return self._retry(self._requeue_lost)

    def _requeue_lost(self) -> int:
        running = [trial.number for trial in self._kept_trials().values() if trial.state == TrialState.RUNNING]
        lost = [number for number in running if number not in self._open]
        for number in lost:
            self._set_state(number, TrialState.WAITING)
        return len(lost)

    def _next_trial(self) -> FrozenTrial:
        trials = self._kept_trials()
        number = next((n for n, trial in trials.items() if trial.state == TrialState.WAITING), len(trials))
        if number in trials:
            self._set_state(number, TrialState.RUNNING)
        else:
            self._ids[number] = self._storage.create_new_trial(self._study_id, self._draft(number))
            self._renew(number)
        return as_begun(trials[number])

    def _draft(self, number: int) -> FrozenTrial:
        """Let the sampler choose the parameters of a new trial; nothing of it is stored yet."""
        own = draft(number)
        self._sampling.choose(self._seen_by(own, self._warm_start), own, self._warm_start)
        return own

    @cached_property
    def _warm_start(self) -> list[FrozenTrial]:
        """Trials of another sweep, as the sampler sees them: in front of all others, under numbers below zero."""
        return self._sampling.warm_start(self._storage.get_study_user_attrs(self._study_id).get(FOREIGN, ()))

    def _seen_by(self, trial: FrozenTrial, warm_start: Sequence[FrozenTrial] = ()) -> optuna.Study:
        """Return the study as the sampler or the pruner of `trial` may see it."""
        search = self._spec.search
        storage = TrialStorage(
            trial,
            self._ids.get(trial.number, DRAFT_ID),
            self._stored_trials,
            self._study.directions,
            running=self._open,
            before=trial.number - (search.window or 1) + 1 if search.deterministic else None,
            warm_start=warm_start,
            study_notes=self._study_notes,
        )
        return optuna.load_study(
            study_name=storage.name, storage=storage, sampler=self._no_sampler, pruner=self._pruner
        )

    @cached_property
    def _no_sampler(self) -> optuna.samplers.BaseSampler:
        """What a pruner's study has for a sampler: it chooses nothing there."""
        return optuna.samplers.RandomSampler()

    @cached_property
    def _study_notes(self) -> dict[str, object]:
        """What samplers noted of the study itself, before such notes went with the trials."""
        return self._storage.get_study_system_attrs(self._study_id)

    def _kept_trials(self) -> dict[int, FrozenTrial]:
        """Return every stored trial by its number, read once."""
        if self._kept is None:
            self._keep()
        assert self._kept is not None
        return self._kept

    def _set_state(self, number: int, state: TrialState) -> None:
        self._storage.set_trial_state_values(self._id(number), state)
        self._renew(number)

    def _renew(self, number: int) -> None:
        """Read one trial again, after it was written."""
        self._kept_trials()[number] = self._storage.get_trial(self._id(number))

    def _id(self, number: int) -> int:
        if number not in self._ids:
            self._ids[number] = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return self._ids[number]
