"""Points that are known before a sampler is asked: the grid's.

`study` gives trial n the n-th of them; what a point leaves open, the sampler chooses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from hpsearch.errors import SpecError
from hpsearch.spec import SweepSpec
from hpsearch.spec.space import LARGEST_GRID, grid


def known_points(spec: SweepSpec) -> list[dict[str, Any]]:
    """Return the points that the first trials get, as a study stores them."""
    return grid_points(spec) if spec.search.sampler.name == "grid" else []


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
    points = _product(values)
    order = np.random.default_rng(spec.search.seed).permutation(len(points))
    return [points[i] for i in order]


def _product(values: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = [{}]
    for name, listed in values.items():
        points = [{**point, name: value} for point in points for value in listed]
    return points
