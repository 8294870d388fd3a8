"""The trainer `mlp`: fully connected layers with an activation between them (articles A, B, C, D, E).

`torch_mlp` is the same network in PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainers.dense_trainer import DenseTrainer
from trainers.layers import Dense, Layer
from trainers.settings import setting


@dataclass(frozen=True, kw_only=True)
class Mlp(DenseTrainer):
    """A multilayer perceptron.

    ``hidden: [100, 100]`` with ReLU and weights of half He's size is the network of articles A.
    """

    weights: str = setting("half_he", "how initial weights are drawn, such as he or normal(0.01)")

    def affine(self, units: int) -> list[Layer]:
        """Return a dense layer."""
        return [Dense(units)]
