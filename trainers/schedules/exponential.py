"""A learning rate that is multiplied by the same factor after every epoch, as in articles A.

The default of every trainer.
"""

from __future__ import annotations

from trainers.schedules.schedule import Schedule


class Exponential(Schedule):
    """Compute ``rate * decay^epoch``; a decay of 1 keeps the rate."""

    def rate(self, epoch: int) -> float:
        """Return ``rate * decay^epoch``."""
        return float(self.start * self.decay**epoch)
