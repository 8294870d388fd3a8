"""The trainer `batchnorm`: fully connected layers, each with batch normalization, the output's too (articles A).

`dense_trainer` has the settings of its layers.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainers.dense_trainer import DenseTrainer
from trainers.layers import BatchNorm, Dense, Layer
from trainers.network import Network
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import Constant
from trainers.settings import check_fraction, check_positive, setting
from trainers.training import Group


@dataclass(frozen=True, kw_only=True)
class BatchNormMlp(DenseTrainer):
    """A multilayer perceptron whose layers are affine without bias, normalized, then activated.

    Gammas and betas have a learning rate and a momentum of their own, which do not decay.
    """

    norm_learning_rate: float = setting(0.1, "step size for gammas and betas; it does not decay")
    norm_momentum: float = setting(0.9, "momentum for gammas and betas")
    norm_memory: float = setting(0.9, "minibatches: how much of the running mean and variance stays at each step")

    def __post_init__(self) -> None:
        """Check every setting.

        Raises
        ------
        ValueError
            Naming the setting, the rule and the value.
        """
        super().__post_init__()
        check_positive("norm_learning_rate", self.norm_learning_rate)
        check_fraction("norm_momentum", self.norm_momentum)
        check_fraction("norm_memory", self.norm_memory)
        if self.batch_size == 1:
            raise ValueError("batch_size: must be at least 2 for batch normalization, got 1")

    def affine(self, units: int) -> list[Layer]:
        """Return a dense layer without bias and its batch normalization."""
        return [Dense(units, bias=False), BatchNorm(memory=self.norm_memory)]

    def groups(self, network: Network) -> list[Group]:
        """Return the weights as one group, gammas and betas as another."""
        weights = network.sections["weights"]
        norm = slice(weights.stop, network.flat.size)
        optimizer = OPTIMIZERS[self.optimizer](norm.stop - norm.start, network.dtype, self.norm_momentum)
        constant = Constant(self.norm_learning_rate, 0.0, self.epochs)
        return [self.group(network, weights), Group(norm, optimizer, constant)]
