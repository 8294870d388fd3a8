"""Lets a spec's sampler choose the parameters of a new trial: known points first, another sweep's trials in sight.

Used by `study`, which gives it the study as the sampler sees it (`trial_storage`); nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from hpsearch.spec import SweepSpec
from hpsearch.spec.conditions import in_order, is_active
from hpsearch.study.engine import distribution, make_sampler, suggest
from hpsearch.study.known_points import known_points
from hpsearch.study.trial_records import plain_params, warm_start_trial


def trial_seed(sweep_seed: int, number: int) -> int:
    """Return the seed of trial `number`; it depends on these two alone, so neither timing nor a restart moves it."""
    return int(np.random.SeedSequence([sweep_seed, number]).generate_state(1)[0])


class Sampling:
    """Chooses the parameters of one sweep's trials."""

    def __init__(self, spec: SweepSpec) -> None:
        self._spec, self._points = spec, known_points(spec)
        self._distributions = {name: distribution(parameter) for name, parameter in spec.space.items()}

    def warm_start(self, points: Sequence[Mapping[str, Any]]) -> list[FrozenTrial]:
        """Return another sweep's trials, as the study keeps them, as the sampler sees them."""
        sweep = self._spec.search.warm_start
        return [warm_start_trial(place, point, self._distributions, sweep) for place, point in enumerate(points)]

    def choose(self, study: optuna.Study, own: FrozenTrial, warm_start: Sequence[FrozenTrial]) -> None:
        """Choose every parameter of `own`, the trial that `study` was made for."""
        search = self._spec.search
        study.sampler = make_sampler(self._spec, trial_seed(search.seed, own.number), own.number, warm_start)
        if own.number < len(self._points):
            study.enqueue_trial(self._points[own.number])
        trial = study.ask()
        for name in in_order(self._spec.space):
            if is_active(self._spec.space, name, plain_params(self._spec, own.params)):
                suggest(trial, name, self._distributions[name])
