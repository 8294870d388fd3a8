"""Several aims in a spec: `metric: [val_accuracy, parameters]` with `direction: [maximize, minimize]`.

Part of `search`, which keeps the first as its metric and direction and the others as `aims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARAMETERS = "parameters"  # numbers that a model stores: no metric of an epoch, counted when a trial ends
DIRECTIONS = ("maximize", "minimize")


def larger_is_better(metric: str) -> bool:
    """Return what the name of a metric implies."""
    return not (metric.endswith(("loss", "rmse")) or metric == PARAMETERS)


def several_aims(search: Mapping[str, Any]) -> dict[str, Any]:
    """Return a search with its lists of metrics and directions taken apart.

    Raises
    ------
    ValueError
        If there is not one direction for each metric, or one of them cannot be an aim.
    """
    metric, direction = search.get("metric"), search.get("direction")
    if not isinstance(metric, list | tuple) and not isinstance(direction, list | tuple):
        return dict(search)
    metrics = _metrics(metric)
    if direction is None:
        direction = ["maximize" if larger_is_better(name) else "minimize" for name in metrics]
    if not isinstance(direction, list | tuple) or len(direction) != len(metrics):
        raise ValueError(
            f"direction must be a list with one for each of the {len(metrics)} metrics, such as "
            f"{['maximize', *['minimize'] * (len(metrics) - 1)]}, got {direction!r}"
        )
    for one in direction:
        if one not in DIRECTIONS:
            raise ValueError(f"direction must be {' or '.join(map(repr, DIRECTIONS))} for each metric, got {one!r}")
    aims = [{"metric": name, "direction": one} for name, one in zip(metrics, direction, strict=True)]
    return {**search, **aims[0], "aims": aims[1:]}


def _metrics(metric: Any) -> list[str]:
    if not isinstance(metric, list | tuple) or not metric or not all(isinstance(name, str) for name in metric):
        raise ValueError(f"metric must be a list of names where direction is a list, got {metric!r}")
    if len(set(metric)) < len(metric):
        raise ValueError(f"metric: each aim may stand once, got {list(metric)!r}")
    if metric[0] == PARAMETERS:
        raise ValueError(f"metric: the first must be measured every epoch, got {PARAMETERS!r}")
    return list(metric)
