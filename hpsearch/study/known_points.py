"""Points that are known before a sampler is asked: those that the spec enqueues, and the grid's.

`study` gives trial n the n-th of them; what a point leaves open, the sampler chooses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from hpsearch.errors import SpecError
from hpsearch.spec import Parameter, Range, SweepSpec
from hpsearch.spec.conditions import points
from hpsearch.spec.space import LARGEST_GRID, grid
from hpsearch.spec.values import decoded, encoded


def known_points(spec: SweepSpec) -> list[dict[str, Any]]:
    """Return the points that the first trials get, whole or in part, as a study stores them."""
    enqueued = [{name: _exact(spec.space[name], value) for name, value in p.items()} for p in spec.search.enqueue]
    return [_stored(point) for point in enqueued] + (grid_points(spec) if spec.search.sampler.name == "grid" else [])


def grid_points(spec: SweepSpec) -> list[dict[str, Any]]:
    """Return every point of the grid, in an order that the sweep's seed alone decides.

    Raises
    ------
    SpecError
        If a range is continuous, or there are too many points.
    """
    values = grid(spec.space)
    count = math.prod(len(listed) for listed in values.values())
    if count > LARGEST_GRID:
        raise SpecError(f"space: a grid may have {LARGEST_GRID} points at most, got {count}")
    plain = {name: [decoded(value, spec.space[name]) for value in listed] for name, listed in values.items()}
    known = list(points(spec.space, plain))
    order = np.random.default_rng(spec.search.seed).permutation(len(known))
    return [_stored(known[i]) for i in order]


def _exact(parameter: Parameter, value: Any) -> Any:
    """Return a value in the type that its parameter has."""
    if isinstance(parameter, Range):
        return int(value) if parameter.integer else float(value)
    return value


def _stored(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: encoded(value) for name, value in point.items()}
