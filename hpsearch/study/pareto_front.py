"""Several objectives: which trials no other beats in every one, and which of those is the default best.

Pure functions over values; `study` and `lookup` apply them to what they know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from hpsearch.trial import State, TrialRecord


def front(trials: Iterable[TrialRecord], maximizes: Mapping[str, bool]) -> list[TrialRecord]:
    """Return the complete trials that no other beats, in the order of their numbers; of equals the first.

    Parameters
    ----------
    maximizes : by the name of each objective, whether larger values are better
    """
    complete = [t for t in trials if t.state is State.COMPLETE and maximizes.keys() <= t.values.keys()]
    # Behind a trial in this order comes none that beats it, so one look at the front so far is enough.
    ordered = sorted(complete, key=lambda trial: (_costs(trial, maximizes), trial.number))
    members: list[TrialRecord] = []
    for trial in ordered:
        costs = _costs(trial, maximizes)
        if not any(all(a <= b for a, b in zip(_costs(one, maximizes), costs, strict=True)) for one in members):
            members.append(trial)
    return sorted(members, key=lambda trial: trial.number)


def knee(trials: Sequence[TrialRecord], maximizes: Mapping[str, bool]) -> TrialRecord | None:
    """Return the trial of a front nearest to the best of every objective, each scaled to the front's range."""
    costs = [_costs(trial, maximizes) for trial in trials]
    lows, highs = [[end(column) for column in zip(*costs, strict=True)] for end in (min, max)] if costs else ([], [])

    def distance(place: int) -> float:
        scaled = (
            (cost - low) / (high - low) if high > low else 0.0
            for cost, low, high in zip(costs[place], lows, highs, strict=True)
        )
        return sum(part**2 for part in scaled)

    best = min(range(len(trials)), key=lambda place: (distance(place), trials[place].number), default=None)
    return None if best is None else trials[best]


def front_json(trial: TrialRecord) -> dict[str, Any]:
    """Return how ``--json`` shows a trial of a front."""
    return {"number": trial.number, "values": dict(trial.values), "params": trial.params}


def front_lines(trials: Sequence[TrialRecord], best: TrialRecord | None) -> list[str]:
    """Say every trial of a front in a line, the default best marked."""
    lines = []
    for trial in trials:
        values = ", ".join(f"{name} {value:.4g}" for name, value in trial.values.items())
        knee_here = best is not None and trial.number == best.number
        lines.append(f"trial {trial.number}: {values}" + (" (the knee)" if knee_here else ""))
    return lines


def _costs(trial: TrialRecord, maximizes: Mapping[str, bool]) -> tuple[float, ...]:
    """Return a trial's values so that less is better in each; what is no number is worst."""
    signed = (-trial.values[name] if maximize else trial.values[name] for name, maximize in maximizes.items())
    return tuple(value if value == value else inf for value in signed)
