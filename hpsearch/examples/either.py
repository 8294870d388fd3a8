"""A trainer that hands its settings to `mlp` or to `torch`, so that one sweep shows both side by side.

Also an example of a trainer of one's own around others.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers import TRAINERS

FRAMEWORKS = {"numpy": "mlp", "torch": "torch"}


class Either:
    """The same network, data and rate in NumPy or in PyTorch; reports how long an epoch took."""

    def __init__(self, *, framework: str = "numpy", seed: int = 0, **settings: Any) -> None:
        if framework not in FRAMEWORKS:
            raise ValueError(f"framework: must be one of {', '.join(FRAMEWORKS)}, got {framework!r}")
        self._trainer = TRAINERS[FRAMEWORKS[framework]](**settings, seed=seed)
        self.epochs: int = self._trainer.epochs
        self.network, self.loss = self._trainer.network, self._trainer.loss

    def train(
        self,
        X: NDArray[np.float64],
        y: NDArray[Any],
        X_validation: NDArray[np.float64],
        y_validation: NDArray[Any],
        *,
        classes: int,
    ) -> Generator[dict[str, float], None, Any]:
        """Yield the metrics of the trainer inside, and ``epoch_milliseconds``, the mean since the beginning."""
        inside = self._trainer.train(X, y, X_validation, y_validation, classes=classes)
        seconds, epoch = 0.0, 0
        while True:
            started = time.perf_counter()
            try:
                metrics = next(inside)
            except StopIteration as stop:
                return stop.value
            seconds, epoch = seconds + time.perf_counter() - started, epoch + 1
            yield {**metrics, "epoch_milliseconds": 1000 * seconds / epoch}

    @staticmethod
    def restore(config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Any:
        """Rebuild a model; both frameworks leave the same kind."""
        return TRAINERS["mlp"].restore(config, arrays)  # type: ignore[attr-defined]
