"""The values of a trial that ended, where a sweep has several objectives.

They come from its curve and from the size of its model. Used by `driver`; which objectives there may be says
`spec.objectives`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpsearch.errors import TrainerError
from hpsearch.spec.objectives import PARAMETERS
from hpsearch.trial import Curve, ModelState


def values_of(metrics: Sequence[str], curve: Curve, epoch: int, model: ModelState | None) -> Mapping[str, float]:
    """Return the value of every objective after `epoch`; nothing where there is one alone.

    Raises
    ------
    TrainerError
        If the trainer does not report one of them.
    """
    return {} if len(metrics) < 2 else {name: _value(name, curve, epoch, model) for name in metrics}


def _value(name: str, curve: Curve, epoch: int, model: ModelState | None) -> float:
    if name in curve.names:
        return curve.at(name, epoch)
    if name == PARAMETERS and model is not None:
        return float(sum(array.size for array in model.arrays.values()))
    raise TrainerError(f"search.metric: {name!r} is not among the metrics: {', '.join(curve.names)}, {PARAMETERS}")
