"""Optuna's own objects for what a spec says: distributions, samplers and pruners.

`samplers` and `rungs` settle what they are built with, `pruning_rules` judges where Optuna has no pruner.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpsearch.errors import SpecError
from hpsearch.spec import Algorithm, Parameter, Range, SweepSpec
from hpsearch.spec.algorithms import PRUNER_KINDS
from hpsearch.spec.values import encoded
from hpsearch.study import pruning_rules
from hpsearch.study.rungs import settled
from hpsearch.study.samplers import sampler_settings

_T = TypeVar("_T")


def quiet(verbose: bool) -> None:
    """Let Optuna speak only if asked to."""
    optuna.logging.set_verbosity(logging.INFO if verbose else logging.ERROR)
    if not verbose:
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class NumberedQmc(optuna.samplers.QMCSampler):
    """Optuna's sequence by the trial's number: neither a restart nor a lost answer skips a point of it.

    `_find_sample_id` is private to Optuna, which counts the points in the study: two trials that are asked for at once
    would get one point, and a trial whose creation failed would use one up. No public name sets the point.
    """

    def __init__(self, number: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._number = number

    def _find_sample_id(self, *_: Any) -> int:
        return max(0, self._number - 1)  # the first trial is drawn at random, the sequence begins with the second


class RulePruner(optuna.pruners.BasePruner):
    """Our own pruning rules; what they look at stands among a trial's user attributes, one list a metric."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether the trial should stop, whatever the others do."""
        return bool(self.reason(trial))

    def reason(self, trial: FrozenTrial) -> str:
        """Return why the trial should stop, empty where it should not."""
        return pruning_rules.pruning_reason(self._algorithm, trial.user_attrs)


def distribution(parameter: Parameter) -> BaseDistribution:
    """Translate a parameter of the spec into Optuna's distribution of the same values."""
    if not isinstance(parameter, Range):
        return CategoricalDistribution([encoded(choice) for choice in parameter.choices])
    if parameter.integer:
        step = 1 if parameter.step is None else int(parameter.step)
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log, step=step)
    step_size = None if parameter.step is None else float(parameter.step)
    return FloatDistribution(float(parameter.low), float(parameter.high), log=parameter.log, step=step_size)


def suggest(trial: optuna.Trial, name: str, values: BaseDistribution) -> None:
    """Let the trial's sampler choose a parameter."""
    if isinstance(values, CategoricalDistribution):
        trial.suggest_categorical(name, values.choices)
    elif isinstance(values, IntDistribution):
        trial.suggest_int(name, values.low, values.high, step=values.step, log=values.log)
    elif isinstance(values, FloatDistribution):
        trial.suggest_float(name, values.low, values.high, step=values.step, log=values.log)


def make_sampler(
    spec: SweepSpec, seed: int, number: int = 0, warm_start: Sequence[FrozenTrial] = ()
) -> optuna.samplers.BaseSampler:
    """Build the spec's sampler for trial `number`; `seed` is the trial's own, `warm_start` another sweep's trials."""
    name, settings = spec.search.sampler.name, sampler_settings(spec, seed)
    if name == "cmaes" and warm_start:
        settings["source_trials"] = list(warm_start)
    if name == "qmc":
        return _built(NumberedQmc, "sampler", name, {"number": number, **settings})
    # Every parameter of a grid's point is known beforehand.
    sampler: Callable[..., optuna.samplers.BaseSampler] = getattr(
        optuna.samplers, spec.search.sampler_kind.engine or "RandomSampler"
    )
    return _built(sampler, "sampler", name, settings)


def make_pruner(algorithm: Algorithm, epochs: int | None) -> optuna.pruners.BasePruner:
    """Build the spec's pruner for trials of `epochs`."""
    kind, settings = PRUNER_KINDS[algorithm.name], settled(algorithm, epochs)
    if not kind.engine:
        return RulePruner(algorithm)
    if algorithm.name == "patience":
        wrapped = settings.pop("wrapped", None)
        settings["wrapped_pruner"] = make_pruner(Algorithm(name=wrapped), epochs) if wrapped else None
    if algorithm.name == "wilcoxon":
        settings.pop("interval_steps", None)
    pruner: Callable[..., optuna.pruners.BasePruner] = getattr(optuna.pruners, kind.engine)
    return _built(pruner, "pruner", algorithm.name, settings)


def _built(kind: Callable[..., _T], role: str, name: str, settings: dict[str, Any]) -> _T:
    """Construct Optuna's class and word its errors as the spec's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(**settings)
        except (TypeError, ValueError, AttributeError, ImportError) as error:
            message = " ".join(str(error).replace("__init__() ", "").split())
            raise SpecError(f"search.{role}: {name}: {message}") from None
