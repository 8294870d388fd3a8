"""The samplers and pruners that a spec may name: their settings, and what each of them can do.

Read by `model`, which refuses a wrong setting where it stands, and by `study`, which builds Optuna's classes. The
settings are those of Optuna's classes that a text can give; what belongs to the service (seeds) is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpsearch.errors import nearest


@dataclass(frozen=True)
class Knob:
    """What one setting takes: ``whole``, ``number``, ``switch`` or ``word``, within bounds or among `words`."""

    kind: str
    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether `value` may be given."""
        if self.kind == "switch":
            return isinstance(value, bool)
        if self.kind == "word":
            return isinstance(value, str) and (not self.words or value in self.words)
        kinds = int if self.kind == "whole" else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def rule(self) -> str:
        """Say what may be given."""
        if self.kind == "switch":
            return "true or false"
        if self.kind == "word":
            return f"one of {', '.join(self.words)}" if self.words else "text"
        name = "a whole number" if self.kind == "whole" else "a number"
        if math.isinf(self.high):
            return name if math.isinf(self.low) else f"{name} of at least {self.low:g}"
        return f"{name} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Kind:
    """A sampler or pruner; `engine` is the name of Optuna's class, empty for one of ours.

    Attributes
    ----------
    needs : the package it wants, and the extra that brings it
    choices, conditions, aims : whether it can search choices, conditional parameters, several aims
    learns : whether other trials change what it proposes
    """

    engine: str
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    needs: tuple[str, str] | None = None
    choices: bool = True
    conditions: bool = True
    aims: bool = False
    learns: bool = False


# Two orders of magnitude around a healthy ratio of 1e-3 on either side: what leaves them cannot be learning well.
LOWEST_RATIO, HIGHEST_RATIO = 1e-5, 1e-1

_COUNT, _POSITIVE, _SWITCH, _SHARE = Knob("whole", 0), Knob("whole", 1), Knob("switch"), Knob("number", 0, 1)
_STEPS = {"n_warmup_steps": _COUNT, "interval_steps": _POSITIVE}
_COMPARING = {"n_startup_trials": _COUNT, **_STEPS, "n_min_trials": _POSITIVE}
_HALVING = {"min_resource": _POSITIVE, "reduction_factor": Knob("whole", 2), "bootstrap_count": _COUNT}

SAMPLER_KINDS: Mapping[str, Kind] = {
    "tpe": Kind(
        "TPESampler",
        {
            "n_startup_trials": _COUNT,
            "n_ei_candidates": _POSITIVE,
            "multivariate": _SWITCH,
            "group": _SWITCH,
            "constant_liar": _SWITCH,
        },
        aims=True,
        learns=True,
    ),
    "random": Kind("RandomSampler", aims=True),
    "grid": Kind("", aims=True),
    "qmc": Kind("QMCSampler", {"qmc_type": Knob("word", words=("sobol", "halton")), "scramble": _SWITCH}, aims=True),
    "cmaes": Kind(
        "CmaEsSampler",
        {
            "n_startup_trials": _COUNT,
            "sigma0": Knob("number", 1e-12),
            "popsize": Knob("whole", 2),
            "use_separable_cma": _SWITCH,
            "with_margin": _SWITCH,
            "lr_adapt": _SWITCH,
            "consider_pruned_trials": _SWITCH,
        },
        needs=("cmaes", "cmaes"),
        choices=False,
        conditions=False,
        learns=True,
    ),
    "gp": Kind(
        "GPSampler",
        {"n_startup_trials": _COUNT, "deterministic_objective": _SWITCH},
        needs=("torch", "torch"),
        conditions=False,
        aims=True,
        learns=True,
    ),
    "nsga2": Kind(
        "NSGAIISampler",
        {
            "population_size": Knob("whole", 2),
            "mutation_prob": _SHARE,
            "crossover_prob": _SHARE,
            "swapping_prob": _SHARE,
        },
        aims=True,
    ),
}

PRUNER_KINDS: Mapping[str, Kind] = {
    "none": Kind("NopPruner", aims=True),
    "median": Kind("MedianPruner", _COMPARING),
    "percentile": Kind("PercentilePruner", {"percentile": Knob("number", 0, 100), **_COMPARING}),
    "asha": Kind("SuccessiveHalvingPruner", {**_HALVING, "min_early_stopping_rate": _COUNT}),
    "hyperband": Kind("HyperbandPruner", {**_HALVING, "max_resource": _POSITIVE}),
    "patience": Kind(
        "PatientPruner",
        {
            "patience": _COUNT,
            "min_delta": Knob("number", 0),
            "wrapped": Knob("word", words=("median", "asha", "hyperband")),
        },
    ),
    "threshold": Kind("ThresholdPruner", {"lower": Knob("number"), "upper": Knob("number"), **_STEPS}),
    "wilcoxon": Kind("WilcoxonPruner", {"p_threshold": _SHARE, "n_startup_steps": _COUNT, "interval_steps": _POSITIVE}),
    "divergence": Kind("", {"loss": Knob("word"), "factor": Knob("number", 1), **_STEPS}, aims=True),
    "update_ratio": Kind(
        "", {"low": Knob("number", 0), "high": Knob("number", 0), "epochs": _POSITIVE, **_STEPS}, aims=True
    ),
}


def checked(value: Any, role: str, kinds: Mapping[str, Kind]) -> Any:
    """Return a spec's sampler or pruner as a mapping.

    Raises
    ------
    ValueError
        If the name, a setting's name or a setting's value is wrong.
    """
    name: Any = value.get("name") if isinstance(value, Mapping) else getattr(value, "name", value)
    if name not in kinds:
        raise ValueError(f"unknown {role} {name!r}{nearest(str(name), kinds)}; choose from: {', '.join(kinds)}")
    settings = {} if isinstance(value, str) else dict(value if isinstance(value, Mapping) else value.settings)
    settings.pop("name", None)
    _known(name, settings, kinds[name].knobs)
    _agree(name, settings)
    return {"name": name, **settings}


def _known(name: str, settings: Mapping[str, Any], knobs: Mapping[str, Knob]) -> None:
    """Refuse a setting that there is not, or a value that it does not take."""
    for setting, value in settings.items():
        if setting not in knobs:
            listed = ", ".join(knobs) or "none"
            raise ValueError(f"{name} has no setting {setting!r}{nearest(setting, knobs)}; choose from: {listed}")
        if not knobs[setting].accepts(value):
            raise ValueError(f"{name}: {setting} must be {knobs[setting].rule()}, got {value!r}")


def _agree(name: str, settings: Mapping[str, Any]) -> None:
    """Refuse settings that exclude each other."""
    if name == "threshold":
        lower, upper = settings.get("lower"), settings.get("upper")
        if lower is None and upper is None:
            raise ValueError("threshold: needs lower, upper or both")
        if lower is not None and upper is not None and lower > upper:
            raise ValueError(f"threshold: lower must not be above upper, got lower={lower!r}, upper={upper!r}")
    if name == "update_ratio":
        low, high = settings.get("low", LOWEST_RATIO), settings.get("high", HIGHEST_RATIO)
        if not low < high:
            raise ValueError(f"update_ratio: low must be below high, got low={low!r}, high={high!r}")
    if name == "tpe" and settings.get("group") and settings.get("multivariate") is False:
        raise ValueError("tpe: group needs multivariate, got group=True, multivariate=False")
    if name == "percentile" and "percentile" not in settings:
        raise ValueError("percentile: needs percentile, the share of trials that go on, such as 25")
