"""Which parameters a point has: `when: {trainer: batchnorm}` lets one exist only where another has a certain value.

Read by `model`, which refuses conditions that cannot hold, by `study`, which asks for parameters in this order, and
by whoever needs a whole point of the space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpsearch.errors import nearest
from hpsearch.spec.space import Choices, Range
from hpsearch.spec.values import key

Space = Mapping[str, Range | Choices]


def check_conditions(space: Space) -> None:
    """Refuse a condition on what is not searched, on a value it never has, or on itself by a detour.

    Raises
    ------
    ValueError
        The first of them.
    """
    for name, parameter in space.items():
        for other, wanted in (parameter.when or {}).items():
            if other not in space:
                listed = ", ".join(one for one in space if one != name) or "none"
                raise ValueError(
                    f"{name}.when: unknown parameter {other!r}{nearest(other, space)}; choose from: {listed}"
                )
            for value in wanted_values(space[other], wanted):
                if not space[other].contains(value):
                    raise ValueError(f"{name}.when: {other} must be {space[other].rule()}, got {value!r}")
    for name in space:
        _no_circle(space, name, (name,))


def _no_circle(space: Space, name: str, path: tuple[str, ...]) -> None:
    for other in space[name].when or {}:
        if other in path:
            circle = [*path[path.index(other) :], other]
            raise ValueError(f"{other}.when: conditions form a circle: {' -> '.join(circle)}")
        _no_circle(space, other, (*path, other))


def wanted_values(parameter: Range | Choices, wanted: Any) -> list[Any]:
    """Return the values that a condition names: one, or a list of several."""
    if isinstance(wanted, list | tuple) and not parameter.contains(wanted):
        return list(wanted)
    return [wanted]


def in_order(space: Space) -> list[str]:
    """Return the parameters so that each comes behind those it depends on, else in the order of the spec."""
    ordered: list[str] = []

    def put(name: str) -> None:
        for other in space[name].when or {}:
            put(other)
        if name not in ordered:
            ordered.append(name)

    for name in space:
        put(name)
    return ordered


def is_active(space: Space, name: str, point: Mapping[str, Any]) -> bool:
    """Whether a point with these values has the parameter `name`."""
    conditions = (space[name].when or {}).items()
    return all(
        other in point and key(point[other]) in map(key, wanted_values(space[other], wanted))
        for other, wanted in conditions
    )


def point_with(space: Space, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point of the space with the values `fixed`: the middle of every other parameter that it has."""
    values: dict[str, Any] = {}
    for name in in_order(space):
        if is_active(space, name, values):
            values[name] = fixed.get(name, space[name].middle())
    return values


def needed_for(space: Space, name: str) -> dict[str, Any]:
    """Return values of other parameters under which `name` exists."""
    needed: dict[str, Any] = {}
    for other, wanted in (space[name].when or {}).items():
        needed |= {**needed_for(space, other), other: wanted_values(space[other], wanted)[0]}
    return needed


def check_point(space: Space, point: Mapping[str, Any]) -> None:
    """Refuse a point, or part of one, that does not lie in the space.

    Raises
    ------
    ValueError
        If a name or a value is not searched, or its parameter does not exist beside the others.
    """
    for name, value in point.items():
        if name not in space:
            raise ValueError(f"unknown parameter {name!r}{nearest(name, space)}; choose from: {', '.join(space)}")
        if not space[name].contains(value):
            raise ValueError(f"{name} must be {space[name].rule()}, got {value!r}")
        if not is_active(space, name, point):
            conditions = ", ".join(f"{other}={wanted!r}" for other, wanted in (space[name].when or {}).items())
            raise ValueError(f"{name} exists only with {conditions}, got {dict(point)!r}")


def points(space: Space, values: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of `values`, without those of parameters that the combination does not have."""
    order = in_order(space)

    def extended(point: dict[str, Any], left: list[str]) -> Iterator[dict[str, Any]]:
        if not left:
            yield point
        elif is_active(space, left[0], point):
            for value in values[left[0]]:
                yield from extended({**point, left[0]: value}, left[1:])
        else:
            yield from extended(point, left[1:])

    yield from extended({}, order)
