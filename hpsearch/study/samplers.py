"""Which of Optuna's samplers a spec asks for, with which settings, and whether it can search the spec's space.

`engine` builds the class that is named here; nothing of Optuna is imported.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from hpsearch.errors import SpecError
from hpsearch.spec import Choices, SweepSpec
from hpsearch.spec.algorithms import PRUNER_KINDS, SAMPLER_KINDS, Kind
from hpsearch.study.known_points import known_points

_QUIET: dict[str, tuple[str, ...]] = {
    "cmaes": ("warn_independent_sampling",),
    "gp": ("warn_independent_sampling",),
    "qmc": ("warn_independent_sampling", "warn_asynchronous_seeding"),
}


def check_sampler(spec: SweepSpec) -> None:
    """Refuse a sampler that cannot search the space.

    Raises
    ------
    SpecError
        If a package is missing, or the sampler cannot do what the space or the objectives ask for.
    """
    name, kind = spec.search.sampler.name, spec.search.sampler_kind
    _must_take_choices(spec, name, kind)
    _must_take_objectives(spec, name, kind)
    if spec.search.warm_start is not None:
        _must_learn(spec, name, kind)
    if spec.conditional and not kind.conditions:
        raise SpecError(
            f"search.sampler: {name} searches spaces without conditions (when); "
            f"choose from: {_listed(able=lambda one: one.conditions)}"
        )
    if name == "grid":
        _must_have_points(spec)
    if name == "cmaes" and len(spec.space) < 2:
        raise SpecError("search.sampler: cmaes needs two numeric parameters at least, got one; choose tpe")
    _must_be_there(name, kind)  # the last: nobody shall install what could not search the space anyway


def _must_be_there(name: str, kind: Kind) -> None:
    if kind.needs is None:
        return
    package, extra = kind.needs
    if importlib.util.find_spec(package) is None:
        raise SpecError(
            f"search.sampler: {name} needs the package {package}; install it: pip install 'hpsearch[{extra}]'"
        )


def _must_take_choices(spec: SweepSpec, name: str, kind: Kind) -> None:
    for parameter_name, parameter in spec.space.items():
        if isinstance(parameter, Choices) and not kind.choices:
            raise SpecError(
                f"search.sampler: {name} searches numbers only, got choices in space.{parameter_name}; "
                f"choose from: {_listed(able=lambda one: one.choices)}"
            )


def _must_take_objectives(spec: SweepSpec, name: str, kind: Kind) -> None:
    if not spec.search.aims:
        return
    count = len(spec.search.metrics)
    if not kind.aims:
        raise SpecError(
            f"search.sampler: {name} searches for one metric, got {count}; "
            f"choose from: {_listed(able=lambda one: one.aims)}"
        )
    pruner = spec.search.pruner.name
    if not PRUNER_KINDS[pruner].aims:
        able = ", ".join(one for one, other in PRUNER_KINDS.items() if other.aims)
        raise SpecError(f"search.pruner: {pruner} judges by one metric, got {count}; choose from: {able}")


def _must_learn(spec: SweepSpec, name: str, kind: Kind) -> None:
    if not kind.learns:
        raise SpecError(
            f"search.warm_start: the sampler {name} learns nothing from other trials; "
            f"choose from: {_listed(able=lambda one: one.learns)}"
        )
    fixed = {"sigma0", "use_separable_cma"} & spec.search.sampler.settings.keys()
    if name == "cmaes" and fixed:
        raise SpecError(f"search.warm_start: sets what cmaes begins with, got {sorted(fixed)[0]} as well")


def _listed(able: Any) -> str:
    return ", ".join(name for name, kind in SAMPLER_KINDS.items() if able(kind))


def _must_have_points(spec: SweepSpec) -> None:
    points = len(known_points(spec))
    if points < spec.search.trials:
        raise SpecError(f"search.trials: the grid has {points} points, got trials={spec.search.trials}")


def sampler_settings(spec: SweepSpec, seed: int) -> dict[str, Any]:
    """Return what Optuna's class is built with; `seed` is the trial's own."""
    name, own = spec.search.sampler.name, spec.search.sampler.settings
    settings: dict[str, Any] = {"seed": spec.search.seed if name == "qmc" else seed}
    settings |= dict.fromkeys(_QUIET.get(name, ()), False)
    if name == "tpe" and spec.conditional and own.get("multivariate", True):
        settings["group"] = True  # learns of the parameters of each branch together
    return settings | own
