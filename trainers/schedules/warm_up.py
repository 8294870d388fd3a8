"""A learning rate that rises in steps before another schedule begins.

`gradient_trainer` puts it around the schedule of the settings.
"""

from __future__ import annotations

from trainers.schedules.schedule import Schedule


class WarmUp(Schedule):
    """Rise evenly for some epochs, then follow a schedule from its beginning.

    Parameters
    ----------
    then : the schedule to follow
    steps : epochs of rising; epoch e of them has ``(e + 1) / (steps + 1)`` of the rate
    """

    def __init__(self, then: Schedule, steps: int) -> None:
        super().__init__(then.start, then.decay, then.epochs)
        self.then, self.steps = then, steps

    def rate(self, epoch: int) -> float:
        """Return the rate of `epoch`."""
        if epoch < self.steps:
            return self.start * (epoch + 1) / (self.steps + 1)
        return self.then.rate(epoch - self.steps)
