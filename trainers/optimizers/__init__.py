"""Optimizers by name; one file each, and one entry here.

`optimizer` says what each keeps to.
"""

from __future__ import annotations

from trainers.optimizers.adam import Adam
from trainers.optimizers.momentum import Momentum
from trainers.optimizers.nesterov import Nesterov
from trainers.optimizers.optimizer import Optimizer
from trainers.optimizers.sgd import Sgd

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": Sgd, "momentum": Momentum, "nesterov": Nesterov, "adam": Adam}

__all__ = ["OPTIMIZERS", "Adam", "Momentum", "Nesterov", "Optimizer", "Sgd"]
