"""Trials of another sweep that teach the sampler of this one: which of them lie in its space, and how it keeps them.

They are kept beside the study, not in it: they have no number, no run and no place in the budget, and are never best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpsearch.errors import SpecError
from hpsearch.spec import SweepSpec
from hpsearch.spec.conditions import in_order, is_active
from hpsearch.trial import State, TrialRecord


def foreign_points(spec: SweepSpec, other: SweepSpec, trials: Iterable[TrialRecord]) -> list[dict[str, Any]]:
    """Return the complete trials of `other` that lie in the space of `spec`, as the study keeps them.

    Raises
    ------
    SpecError
        If the other sweep measured something else, or none of its trials can be used.
    """
    ours, theirs = ((one.search.metrics, one.search.maximizes) for one in (spec, other))
    if ours != theirs:
        raise SpecError(
            f"search.warm_start: {other.name} must have the metric and direction of this sweep, got "
            f"{_objectives(other)}, this sweep has {_objectives(spec)}"
        )
    complete = [trial for trial in trials if trial.state is State.COMPLETE and trial.value is not None]
    points = [
        {"number": t.number, "params": point, "values": list(t.values.values()) or [t.value]}
        for t in complete
        if (point := _point(spec, t.params)) is not None
    ]
    if not points:
        raise SpecError(
            f"search.warm_start: a trial of {other.name} must have every parameter of this space within its bounds, "
            f"got {len(complete)} complete trials and none that has"
        )
    return points


def _point(spec: SweepSpec, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the parameters that the space has of `params`, None where one is missing or out of bounds."""
    point: dict[str, Any] = {}
    for name in in_order(spec.space):
        if is_active(spec.space, name, point):
            if name not in params or not spec.space[name].contains(params[name]):
                return None
            point[name] = params[name]
    return point


def _objectives(spec: SweepSpec) -> str:
    objectives = spec.search.maximizes.items()
    return ", ".join(f"{metric} ({'maximize' if maximize else 'minimize'})" for metric, maximize in objectives)
