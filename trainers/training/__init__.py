"""How a network is trained: rows laid out, epochs in one batch or many, updates, and what is measured.

Used by `trainers.gradient_trainer`; each part can be driven by hand as well.
"""

from __future__ import annotations

from trainers.training.full_batch import full_batch
from trainers.training.minibatches import Augmentation, minibatches
from trainers.training.rows import Rows, lay_out
from trainers.training.updates import Group, Updates

__all__ = ["Augmentation", "Group", "Rows", "Updates", "full_batch", "lay_out", "minibatches"]
