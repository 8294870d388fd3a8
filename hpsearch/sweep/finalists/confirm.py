"""Trains the best trials again from fresh seeds, so that the winner is not the one that was lucky.

The best of a search is best partly by chance: its value is the largest of many noisy ones. The winner here is the one
with the best mean over fresh seeds. Every repeat is told to the study before it counts, so that a killed sweep goes
on where it was; its runs have the kind `confirm` and are no trials.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import numpy as np

from hpsearch.spec import SweepSpec
from hpsearch.study.study import Study
from hpsearch.trial import Outcome, State, Suggestion, TrialRecord

KIND = "confirm"


@dataclass(frozen=True)
class Repeat:
    """One training of trial `trial` from its fresh seed number `place`, counted from 1."""

    trial: int
    place: int
    suggestion: Suggestion

    @property
    def key(self) -> str:
        """Return the name of its record in the study, of its model's folder, and of its run."""
        return f"{KIND}-{self.trial:04d}-{self.place}"


@dataclass(frozen=True)
class Candidate:
    """One of the best trials: its own value, and those of its repeats; None for one that failed."""

    trial: int
    params: dict[str, Any]
    original: float
    values: tuple[float | None, ...]
    epochs: tuple[int, ...]

    @property
    def complete(self) -> list[float]:
        """The values of the repeats that completed."""
        return [value for value in self.values if value is not None]

    @property
    def failed(self) -> int:
        """How many of the repeats failed."""
        return len(self.values) - len(self.complete)

    @property
    def mean(self) -> float | None:
        """The mean of the repeats; the trial's own value, for which it was chosen, is not among them."""
        return fmean(self.complete) if self.complete else None

    @property
    def spread(self) -> float:
        """The standard deviation of the repeats (of a sample: divided by one less than there are)."""
        return stdev(self.complete) if len(self.complete) > 1 else 0.0

    def nearest(self) -> int:
        """Return the place, from 1, of the repeat nearest to the mean, the first of equals."""
        mean = self.mean or 0.0
        far = [abs(value - mean) if value is not None else float("inf") for value in self.values]
        return far.index(min(far)) + 1

    def as_row(self) -> dict[str, Any]:
        """Return the row of the table: its figures, its parameters, its repeats."""
        row: dict[str, Any] = {"trial": self.trial, "mean": self.mean, "spread": self.spread}
        row |= {"low": min(self.complete, default=None), "high": max(self.complete, default=None)}
        row |= {"original": self.original, "failed": self.failed}
        row |= {f"seed_{place}": value for place, value in enumerate(self.values, 1)}
        return row | {f"params.{name}": value for name, value in self.params.items()}


@dataclass(frozen=True)
class Confirmed:
    """The candidates, the best mean first; those of whose repeats fewer failed come before the others."""

    metric: str
    candidates: tuple[Candidate, ...]

    @property
    def winner(self) -> Candidate:
        """The candidate with the best mean."""
        return self.candidates[0]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` and the artifact show."""
        winner = self.winner
        row = winner.as_row()
        figures = {name: row[name] for name in ("trial", "mean", "spread", "low", "high", "failed")}
        figures |= {"metric": self.metric, "seeds": len(winner.values), "model_of_seed": winner.nearest()}
        return figures | {"candidates": [candidate.as_row() for candidate in self.candidates]}


def in_words(ranking: dict[str, Any]) -> str:
    """Say what `Confirmed.as_json` shows of the winner."""
    mean, spread, seeds = ranking["mean"], ranking["spread"], ranking["seeds"] - ranking["failed"]
    text = f"mean {mean:.4f} ± {spread:.4f} over {seeds} fresh seeds"
    text += f" ({ranking['low']:.4f} to {ranking['high']:.4f})"
    if ranking["failed"]:
        text += f", {ranking['failed']} failed"
    of = ranking["of"] if "of" in ranking else len(ranking["candidates"])
    return f"{text}, the best mean of {of} trials"


def repeats_of(study: Study, spec: SweepSpec) -> list[Repeat]:
    """Return every repeat that the spec asks for, seed by seed, the best trials first."""
    wanted = spec.search.confirm
    if wanted is None:
        return []
    best = leaders(study.trials(), spec.search.maximize)[: wanted.top]
    pairs = [(trial, place) for place in range(1, wanted.seeds + 1) for trial in best]
    return [
        Repeat(trial.number, place, _suggestion(spec, trial, place, number))
        for number, (trial, place) in enumerate(pairs)
    ]


def leaders(trials: Iterable[TrialRecord], maximize: bool) -> list[TrialRecord]:
    """Return the complete trials, the best first, of equals the first."""
    complete = [trial for trial in trials if trial.state is State.COMPLETE and trial.value is not None]
    sign = -1 if maximize else 1
    return sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def fresh_seed(sweep_seed: int, trial: int, place: int) -> int:
    """Return the seed of a repeat; `place` counts from 1, because 0 would give the seed of the trial itself."""
    return int(np.random.SeedSequence([sweep_seed, trial, place]).generate_state(1)[0])


def _suggestion(spec: SweepSpec, trial: TrialRecord, place: int, number: int) -> Suggestion:
    settings = {**spec.settings, **trial.params}
    return Suggestion(number, trial.params, settings, fresh_seed(spec.search.seed, trial.number, place))


def note_of(outcome: Outcome) -> dict[str, Any]:
    """Return what the study keeps of a repeat."""
    return {"value": outcome.value, "epoch": outcome.epoch, "reason": outcome.reason}


def waiting(study: Study, spec: SweepSpec) -> list[Repeat]:
    """Return the repeats that the study has no record of."""
    known = study.attributes
    return [repeat for repeat in repeats_of(study, spec) if repeat.key not in known]


def confirmed(study: Study, spec: SweepSpec) -> Confirmed | None:
    """Rank the candidates; None where none is asked for, one is missing, or every repeat of all failed."""
    repeats, known = repeats_of(study, spec), study.attributes
    if not repeats or any(repeat.key not in known for repeat in repeats):
        return None
    trials = {trial.number: trial for trial in study.trials()}
    candidates = []
    for number in dict.fromkeys(repeat.trial for repeat in repeats):
        notes = [known[repeat.key] for repeat in repeats if repeat.trial == number]
        values, epochs = tuple(note["value"] for note in notes), tuple(note["epoch"] for note in notes)
        candidates.append(Candidate(number, trials[number].params, trials[number].value or 0.0, values, epochs))
    sign = -1 if spec.search.maximize else 1
    ranked = [c for c in candidates if c.mean is not None]
    ranked.sort(key=lambda c: (c.failed, sign * (c.mean or 0.0), c.trial))
    lost = [c for c in candidates if c.mean is None]
    return Confirmed(spec.search.metric or "", (*ranked, *lost)) if ranked else None
