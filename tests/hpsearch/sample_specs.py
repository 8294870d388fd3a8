"""Specs of tiny sweeps over `sample_trainers`."""

from __future__ import annotations

import copy

BASE = {
    "name": "tiny",
    "trainer": "sample_trainers:Quadratic",
    "data": {"dataset": "iris"},
    "space": {"x": {"low": 0.0, "high": 1.0}},
    "settings": {"epochs": 5},
    "search": {"trials": 5, "sampler": "random", "seed": 0},
    "workers": 2,
}


def tiny(**changes):
    """Return the mapping of a tiny sweep; ``search__trials=3`` changes one value inside a section."""
    spec = copy.deepcopy(BASE)
    for key, value in changes.items():
        section, _, inner = key.partition("__")
        if inner:
            spec[section][inner] = value
        elif value is None:
            del spec[section]
        else:
            spec[section] = value
    return spec


def loaded(**changes):
    """Return a tiny sweep as `load_spec` gives it."""
    from hpsearch.spec import load_spec

    return load_spec(tiny(**changes))


def spec(**changes):
    """Return a tiny sweep's spec, with metric and direction settled."""
    from hpsearch.sweep.prepare import settle

    return settle(loaded(**changes).spec, regression=False)
