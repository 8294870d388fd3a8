"""What `mlp` and `batchnorm` share: their hidden layers, in the short form or as a list, and the output.

`architecture` reads the list; `gradient_trainer` trains.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

from trainers.architecture import OUTPUTS, Block, loss_of, parse, split_output
from trainers.gradient_trainer import GradientTrainer
from trainers.layers import ACTIVATIONS, Dropout, Layer
from trainers.losses import Loss
from trainers.settings import check_choice, check_fraction, check_sizes, setting

_HIDDEN, _RELU = [100, 100], "relu"  # where neither layers nor hidden, activation are given


@dataclass(frozen=True, kw_only=True)
class DenseTrainer(GradientTrainer):
    """Fully connected layers; subclasses say what one is made of."""

    hidden: list[int] | None = field(
        default=None, metadata={"help": f"sizes of the hidden layers; none means {_HIDDEN}"}
    )
    activation: str | None = setting(None, f"of hidden layers, one of {', '.join(ACTIVATIONS)}; none means {_RELU}")
    layers: list[dict[str, Any]] | None = field(
        default=None,
        metadata={"help": "instead of hidden, activation: a list of {units, activation}; may end with the output"},
    )
    output: str = setting("auto", "softmax, sigmoid (one output for 2 classes), or auto: as layers ends, else softmax")
    dropout: float = setting(0.0, "share of each hidden layer that is silenced in training")

    def __post_init__(self) -> None:
        """Check every setting.

        Raises
        ------
        ValueError
            Naming the setting, the rule and the value.
        """
        super().__post_init__()
        if self.hidden is not None:
            check_sizes("hidden", self.hidden)
        if self.activation is not None:
            check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("output", self.output, OUTPUTS)
        check_fraction("dropout", self.dropout)
        if self.layers is not None:
            parse(self.layers)
            for name, value in (("hidden", self.hidden), ("activation", self.activation)):
                if value is not None:
                    raise ValueError(f"layers: takes the place of {name}, got both, {name}={value!r}")

    @abstractmethod
    def affine(self, units: int) -> list[Layer]:
        """Return what comes before an activation, with so many outputs."""

    def loss(self, classes: int) -> Loss:
        """Return the loss that belongs to the output."""
        return self._plan(classes)[1]

    def build(self, features: int, classes: int) -> list[Layer]:
        """Return new layers, the last one linear."""
        blocks, loss = self._plan(classes)
        layers: list[Layer] = []
        for block in blocks:
            layers += [*self.affine(block.units), ACTIVATIONS[block.activation]()]
            layers += [Dropout(self.dropout)] if self.dropout else []
        return [*layers, *self.affine(loss.outputs(classes))]

    def _plan(self, classes: int) -> tuple[list[Block], Loss]:
        if self.layers is not None:
            return split_output(parse(self.layers), self.output, classes)
        hidden = _HIDDEN if self.hidden is None else self.hidden
        return [Block(units, self.activation or _RELU) for units in hidden], loss_of(self.output, classes)
