"""What every optimizer is: it turns a gradient into a step over one flat vector.

Optimizers hold buffers of their own, so that a step allocates nothing; `trainers.training.updates` applies them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from trainers.arrays import Array


class Optimizer(ABC):
    """One optimizer for the vector of ``size`` parameters that it was made for.

    Parameters
    ----------
    size : number of parameters
    dtype : theirs
    momentum : how much of the velocity stays; ignored by optimizers without one
    """

    def __init__(self, size: int, dtype: np.dtype[Any], momentum: float = 0.0) -> None:
        self.momentum = float(momentum)
        self.velocity = np.zeros(size, dtype)

    @abstractmethod
    def step(self, gradient: Array, rate: float, delta: Array) -> None:
        """Write what is to be added to the parameters into `delta`.

        Parameters
        ----------
        gradient : (size,), which may be written over
        rate : learning rate of this step
        delta : (size,)
        """
