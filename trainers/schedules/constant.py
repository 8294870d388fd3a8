"""The same learning rate in every epoch.

Batch normalization's gammas and betas have it.
"""

from __future__ import annotations

from trainers.schedules.schedule import Schedule


class Constant(Schedule):
    """Keep the rate; `decay` is ignored."""

    def rate(self, epoch: int) -> float:
        """Return the rate to start from."""
        return self.start
