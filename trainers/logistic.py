"""The trainer `logistic`: multinomial logistic regression by gradient descent, the baseline of articles C.

Its counterpart for regression is `linear`.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainers.architecture import loss_of
from trainers.gradient_trainer import GradientTrainer
from trainers.layers import Dense, Layer
from trainers.losses import Loss
from trainers.settings import setting


@dataclass(frozen=True, kw_only=True)
class Logistic(GradientTrainer):
    """One linear layer and softmax: class regions with straight borders."""

    weights: str = setting("normal(0.01)", "how initial weights are drawn, such as he or normal(0.01)")

    def loss(self, classes: int) -> Loss:
        """Return softmax cross entropy.

        Raises
        ------
        ValueError
            If there are no classes.
        """
        if not classes:
            raise ValueError("logistic: is for classes, got a regression; choose linear")
        return loss_of("softmax", classes)

    def build(self, features: int, classes: int) -> list[Layer]:
        """Return one dense layer."""
        return [Dense(self.loss(classes).outputs(classes))]
