"""A learning rate that falls along half a cosine to 0 at the end (Loshchilov and Hutter 2017, without restarts).

Chosen by the setting `schedule`, like those beside it.
"""

from __future__ import annotations

import math

from trainers.schedules.schedule import Schedule


class Cosine(Schedule):
    """Compute ``rate / 2 * (1 + cos(pi * epoch / epochs))``; `decay` is ignored."""

    def rate(self, epoch: int) -> float:
        """Return the rate of `epoch`."""
        return self.start / 2 * (1 + math.cos(math.pi * min(epoch / self.epochs, 1.0)))
