"""The trainer `mlp`: fully connected layers with an activation between them (articles A, B, C)."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainers.gradient_trainer import GradientTrainer
from trainers.layers import ACTIVATIONS, Dense, Layer
from trainers.settings import check_choice, check_sizes, setting


@dataclass(frozen=True, kw_only=True)
class Mlp(GradientTrainer):
    """A multilayer perceptron.

    ``hidden: [100, 100]`` with ReLU and weights of half He's size is the network of articles A.
    """

    hidden: list[int] = field(default_factory=lambda: [100, 100], metadata={"help": "sizes of the hidden layers"})
    activation: str = setting("relu", f"of the hidden layers, one of {', '.join(ACTIVATIONS)}")
    weights: str = setting("half_he", "how initial weights are drawn, such as he or normal(0.01)")

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

    def layers(self, outputs: int) -> list[Layer]:
        """Return dense layers with the activation between them; the last is linear."""
        layers: list[Layer] = []
        for units in self.hidden:
            layers += [Dense(units), ACTIVATIONS[self.activation]()]
        return [*layers, Dense(outputs)]
