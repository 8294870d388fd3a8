"""What the sampler or the pruner of one trial may see of a study, in the shape of a storage.

`study` hands it to Optuna's classes in place of the real storage. Reading, it hides what comes later and shows what
the driver knows of running trials; writing, it keeps everything with the one trial it was made for, so that a trial
is stored whole or not at all. Knows Optuna's trials and storages by their attributes only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any


class View:
    """A storage as seen for the trial `own`.

    Parameters
    ----------
    stored : returns all stored trials in the order of their numbers
    own : the trial that is asked for or judged; everything that is set is set on this object
    running : what is known of running trials, by number; shown in place of what is stored
    before : trials from this number on are hidden, None shows them all
    foreign : trials of another study, shown in front of the study's own
    """

    def __init__(
        self,
        storage: Any,
        study_id: int,
        stored: Callable[[], Sequence[Any]],
        own: Any,
        running: Mapping[int, Any],
        before: int | None = None,
        foreign: Sequence[Any] = (),
    ) -> None:
        self._storage, self._study_id, self._stored = storage, study_id, stored
        self._own, self._running = own, running
        self._before, self._foreign = before, foreign

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get_study_id_from_name(self, _name: str) -> int:
        """Return the study's number; the name a sampler sees is the same for every sweep."""
        return self._study_id

    def get_all_trials(self, _study_id: int, deepcopy: bool = True, states: Container[Any] | None = None) -> list[Any]:
        """Return the visible trials in the order of their numbers, foreign ones first."""
        shown = [*self._foreign, *(self._running.get(t.number, t) for t in self._stored() if self._visible(t))]
        chosen = [trial for trial in shown if states is None or trial.state in states]
        return copy.deepcopy(chosen) if deepcopy else chosen

    def get_n_trials(self, study_id: int, state: Any = None) -> int:
        """Count the visible trials."""
        states = state if state is None or isinstance(state, Container) else (state,)
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_best_trial(self, study_id: int) -> Any:
        """Return the visible completed trial with the best value.

        Raises
        ------
        ValueError
            If there is none.
        """
        maximize = self._storage.get_study_directions(study_id)[0].name == "MAXIMIZE"
        complete = [t for t in self.get_all_trials(study_id, deepcopy=False) if t.state.name == "COMPLETE"]
        choose: Callable[..., Any] = max if maximize else min
        return choose(complete, key=lambda trial: trial.value)

    def get_trial(self, trial_id: int) -> Any:
        """Return the trial this view was made for, or a stored one."""
        return self._own if trial_id == self._own._trial_id else self._storage.get_trial(trial_id)

    def get_trial_system_attrs(self, trial_id: int) -> Any:
        """Return what samplers and pruners noted of a trial."""
        return self.get_trial(trial_id).system_attrs

    def set_trial_system_attr(self, _trial_id: int, key: str, value: Any) -> None:
        """Note something of the view's own trial."""
        self._own.system_attrs[key] = value

    def set_trial_param(self, _trial_id: int, name: str, internal: float, distribution: Any) -> None:
        """Set a parameter of the view's own trial."""
        self._own.params[name] = distribution.to_external_repr(internal)
        self._own.distributions[name] = distribution

    def _visible(self, trial: Any) -> bool:
        if trial.state.name == "WAITING" or trial.number == self._own.number:
            return False
        return self._before is None or trial.number < self._before
