"""What a diagnosis looks at: the trials with their curve_stats, and the winner with its curve.

Gathered by `sweep.evidence` from the study; the findings read nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hpsearch.spec.space import Parameter
from hpsearch.trial import Curve, TrialRecord

RATE = "learning_rate"


def _anything(_name: str, _value: Any) -> bool:
    return True


@dataclass(frozen=True)
class Evidence:
    """A finished sweep as the findings see it.

    Attributes
    ----------
    space, settings : what was searched and what was fixed
    metric, maximize : of the search
    trials : every finished trial
    best : the winner
    curve : its metrics, every epoch
    validation_rows : how many rows its validation figures were measured on
    largest_class : share of the most frequent class among the training rows; 0 for regression
    baseline : accuracy, or R², of a linear model on the validation rows, if there is one
    accepts : tells whether the trainer takes a value for a setting, so that no range is proposed that it refuses
    """

    space: Mapping[str, Parameter]
    settings: Mapping[str, Any]
    metric: str
    maximize: bool
    trials: tuple[TrialRecord, ...]
    best: TrialRecord | None = None
    curve: Curve = field(default_factory=Curve)
    validation_rows: int = 0
    largest_class: float = 0.0
    baseline: float | None = None
    accepts: Callable[[str, Any], bool] = _anything

    def value(self, trial: TrialRecord, name: str) -> float | None:
        """Return a trial's setting as a number, searched or fixed; None where it is none."""
        value = trial.params.get(name, self.settings.get(name))
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def searched_numbers(self) -> list[str]:
        """List the searched settings that are ranges, the learning rate first."""
        names = [name for name, parameter in self.space.items() if not hasattr(parameter, "choices")]
        return sorted(names, key=lambda name: name != RATE)
