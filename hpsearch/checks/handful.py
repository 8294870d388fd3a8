"""What the checks of networks are tried on: the middle of the space, a handful of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.spec.conditions import point_with
from hpsearch.sweep.first_epoch import handful as few
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.loader import chosen, resolve, settings_of


def middle(ready: PreparedSweep) -> dict[str, Any]:
    """Return the settings in the middle of the space, with the fixed ones."""
    spec = ready.spec
    return {**spec.settings, **point_with(spec.space, {})}


def known(ready: PreparedSweep, settings: dict[str, Any]) -> dict[str, Any]:
    """Return those of `settings` that the trainer knows, or that the spec gives it."""
    tried = middle(ready)
    trainer, _ = chosen(ready.spec.trainer, tried)
    names = {setting.name for setting in settings_of(resolve(trainer))} | set(tried)
    return {name: value for name, value in settings.items() if name in names}


def handful(ready: PreparedSweep) -> NDArray[np.intp]:
    """Pick the first rows of every class; for regression the first eight."""
    return few(ready.data)
