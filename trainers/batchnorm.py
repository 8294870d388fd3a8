"""The trainer `batchnorm`: fully connected layers, each with batch normalization, the output's too (articles A)."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainers.gradient_trainer import GradientTrainer
from trainers.layers import ACTIVATIONS, BatchNorm, Dense, Layer
from trainers.network import Network
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import Constant
from trainers.settings import check_choice, check_fraction, check_positive, check_sizes, setting
from trainers.training import Group


@dataclass(frozen=True, kw_only=True)
class BatchNormMlp(GradientTrainer):
    """A multilayer perceptron whose layers are affine without bias, normalized, then activated.

    Gammas and betas have a learning rate and a momentum of their own, which do not decay.
    """

    hidden: list[int] = field(default_factory=lambda: [100, 100], metadata={"help": "sizes of the hidden layers"})
    activation: str = setting("relu", f"of the hidden layers, one of {', '.join(ACTIVATIONS)}")
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
        check_sizes("hidden", self.hidden)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_positive("norm_learning_rate", self.norm_learning_rate)
        check_fraction("norm_momentum", self.norm_momentum)
        check_fraction("norm_memory", self.norm_memory)
        if self.batch_size == 1:
            raise ValueError("batch_size: must be at least 2 for batch normalization, got 1")

    def layers(self, outputs: int) -> list[Layer]:
        """Return dense layers without bias, each with batch normalization; the last is not activated."""
        memory = 0.0 if self.batch_size is None else self.norm_memory
        layers: list[Layer] = []
        for units in self.hidden:
            layers += [Dense(units, bias=False), BatchNorm(memory=memory), ACTIVATIONS[self.activation]()]
        return [*layers, Dense(outputs, bias=False), BatchNorm(memory=memory)]

    def groups(self, network: Network) -> list[Group]:
        """Return the weights as one group, gammas and betas as another."""
        weights = network.sections["weights"]
        norm = slice(weights.stop, network.flat.size)
        optimizer = OPTIMIZERS[self.optimizer](norm.stop - norm.start, network.dtype, self.norm_momentum)
        constant = Constant(self.norm_learning_rate, 0.0, self.epochs)
        return [self.group(network, weights), Group(norm, optimizer, constant)]
