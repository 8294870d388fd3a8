"""What the sampler or the pruner of one trial may see of a study, as a whole storage of Optuna's that has no database.

`study` hands it to Optuna's classes in place of the real storage. Reading, it hides what comes later and shows what
the driver knows of running trials; writing, it keeps everything with the one trial it was made for, so that a trial
is stored whole or not at all.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

STUDY_NOTE = "hpsearch:study:"  # before the name of what a sampler noted of the study, among a trial's attributes
_STUDY_ID = 0
_NAME = "hpsearch"  # the same for every sweep: hyperband draws a trial's bracket from it


class TrialStorage(BaseStorage):
    """A storage as seen for the trial `own`; there is no way from it to a real one.

    Parameters
    ----------
    own : the trial that is asked for or judged; everything that is written is written to this object
    own_id : its number in the storage
    stored : returns all stored trials in the order of their numbers
    directions : of the study
    running : what is known of running trials, by number; shown in place of what is stored
    before : trials from this number on are hidden, None shows them all
    warm_start : trials of another study, shown in front of the study's own
    study_notes : what samplers noted of the study before such notes went with the trials
    """

    name = _NAME

    def __init__(
        self,
        own: FrozenTrial,
        own_id: int,
        stored: Callable[[], Sequence[FrozenTrial]],
        directions: Sequence[StudyDirection],
        running: Mapping[int, FrozenTrial] | None = None,
        before: int | None = None,
        warm_start: Sequence[FrozenTrial] = (),
        study_notes: Mapping[str, Any] | None = None,
    ) -> None:
        self.own, self._own_id = own, own_id
        self._stored, self._directions, self._running = stored, list(directions), running or {}
        self._before, self._warm_start, self._study_notes = before, warm_start, study_notes or {}

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the number of the one study there is."""
        return _STUDY_ID

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return the name that every study has here."""
        return _NAME

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Return the directions of the study."""
        return self._directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return nothing: what the driver keeps beside the study is no sampler's business."""
        return {}

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return what samplers noted of the study, of equal names the first.

        The notes of every trial that was begun earlier are there, of hidden ones, too: they were taken from what
        that trial saw, which is the same however fast the others were.
        """
        earlier = [trial for trial in self._stored() if trial.number < self.own.number]
        notes = dict(self._study_notes)
        for trial in [*earlier, self.own]:
            for name, value in trial.system_attrs.items():
                if name.startswith(STUDY_NOTE):
                    notes.setdefault(name.removeprefix(STUDY_NOTE), value)
        return notes

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep what a sampler notes of the study with the trial that it was asked for."""
        self.own.system_attrs[STUDY_NOTE + key] = value

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Let the one trial wait, or begin it where there is no template; what a template fixes is taken over."""
        if self.own.state != TrialState.WAITING:
            self._refuse("begin another trial")
        if template_trial is None:
            self.set_trial_state_values(self._own_id, TrialState.RUNNING)
        else:
            self.own.system_attrs.update(template_trial.system_attrs)
        return self._own_id

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Begin the trial; its driver alone ends it."""
        own = self._own(trial_id)
        if state != TrialState.RUNNING or values is not None:
            self._refuse("end a trial")
        if own.state != TrialState.WAITING:
            return False
        own.state, own.datetime_start = TrialState.RUNNING, datetime.datetime.now()
        return True

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        """Set a parameter of the trial."""
        own = self._own(trial_id)
        own.params[param_name] = distribution.to_external_repr(param_value_internal)
        own.distributions[param_name] = distribution

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Note a value of the trial."""
        self._own(trial_id).intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Note something of the trial."""
        self._own(trial_id).user_attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Note something of the trial, as samplers and pruners do."""
        self._own(trial_id).system_attrs[key] = value

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return the one trial that is known by its id."""
        return self._own(trial_id)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of the one trial that has one here."""
        if trial_number != self.own.number:
            raise KeyError(f"trial {trial_number}: has no id here; there is trial {self.own.number} alone")
        return self._own_id

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the visible trials in the order of their numbers, another study's first.

        The own trial is among them for who asks what waits: that is how Optuna's study finds a trial to begin.
        """
        visible = [self._running.get(trial.number, trial) for trial in self._stored() if self._is_visible(trial)]
        trials = [*self._warm_start, *visible]
        if states is not None:
            waiting = [self.own] if self.own.state == TrialState.WAITING else []
            trials = [trial for trial in (*trials, *waiting) if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        """Refuse."""
        self._refuse("create a study")

    def delete_study(self, study_id: int) -> None:
        """Refuse."""
        self._refuse("delete a study")

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Refuse."""
        self._refuse("write beside the study")

    def get_all_studies(self) -> list[Any]:
        """Refuse: a sampler has no business with other sweeps."""
        self._refuse("look at other studies")

    def _own(self, trial_id: int) -> FrozenTrial:
        if trial_id != self._own_id:
            raise KeyError(f"trial id {trial_id}: is not known here; there is trial {self.own.number} alone")
        return self.own

    def _is_visible(self, trial: FrozenTrial) -> bool:
        if trial.state == TrialState.WAITING or trial.number == self.own.number:
            return False
        return self._before is None or trial.number < self._before

    def _refuse(self, action: str) -> NoReturn:
        raise NotImplementedError(f"trial {self.own.number}: its sampler or pruner may not {action}")
