"""A learning rate that falls with the inverse of time, as in articles C.

It is the one schedule that needs a `decay`.
"""

from __future__ import annotations

from trainers.schedules.schedule import Schedule


class InverseTime(Schedule):
    """Compute ``rate / (1 + decay * epoch)``; a decay of 0 keeps the rate."""

    def rate(self, epoch: int) -> float:
        """Return ``rate / (1 + decay * epoch)``."""
        return self.start / (1 + self.decay * epoch)
