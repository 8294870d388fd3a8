"""The trainer `cnn`: convolutions and poolings, then dense layers, for small images (articles D).

`augmentation` varies its images, `gradient_trainer` trains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from trainers.architecture import loss_of
from trainers.arrays import Shape
from trainers.augmentation import ShiftAndRotate
from trainers.gradient_trainer import GradientTrainer
from trainers.layers import ACTIVATIONS, BatchNorm, Convolution, Dense, Dropout, Flatten, Layer, MaxPooling
from trainers.losses import Loss
from trainers.settings import (
    check_choice,
    check_flag,
    check_fraction,
    check_not_negative,
    check_sizes,
    check_whole,
    is_whole,
    setting,
)

_MEMORY = 0.9  # of batch normalization, where an epoch has several batches


@dataclass(frozen=True, kw_only=True)
class Cnn(GradientTrainer):
    """For each of `kernels`: a convolution, batch normalization if wanted, an activation, a pooling; then dense layers.

    Rows are images of one channel or more, flattened as (channels, height, width).
    """

    kernels: list[int] = field(default_factory=lambda: [8, 16], metadata={"help": "kernels of each convolution"})
    kernel_size: int = setting(3, "height and width of a kernel")
    stride: int = setting(1, "pixels by which a kernel moves on")
    padding: int | None = setting(
        None, "zeros around each image, fewer than kernel_size; none: kernel_size // 2, which keeps the size if odd"
    )
    batch_norm: bool = setting(False, "batch normalization between convolution and activation, in place of biases")
    pool: int = setting(2, "height and width of the windows of which the maximum is kept")
    hidden: list[int] = field(default_factory=list, metadata={"help": "dense layers between convolutions and output"})
    activation: str = setting("relu", f"after convolutions and hidden layers, one of {', '.join(ACTIVATIONS)}")
    dropout: float = setting(0.0, "share of the inputs of each dense layer that is silenced in training")
    image_shape: list[int] | None = field(
        default=None, metadata={"help": "[height, width] or [channels, height, width]; none means square"}
    )
    shift: int = setting(0, "pixels by which training images are moved at random, in both directions")
    rotate: float = setting(0.0, "degrees by which training images are turned at random, either way")
    learning_rate: float = setting(0.01, "step size of the optimizer")
    epochs: int = setting(20, "passes over the training rows")
    batch_size: int | None = setting(32, "rows an update; none takes all training rows at once")

    def __post_init__(self) -> None:
        """Check every setting.

        Raises
        ------
        ValueError
            Naming the setting, the rule and the value.
        """
        super().__post_init__()
        check_sizes("kernels", self.kernels)
        check_sizes("hidden", self.hidden)
        check_whole("kernel_size", self.kernel_size)
        check_whole("stride", self.stride)
        if self.padding is not None:
            check_whole("padding", self.padding, least=0)
            if self.padding >= self.kernel_size:
                raise ValueError(f"padding: must be below kernel_size={self.kernel_size}, got {self.padding}")
        check_flag("batch_norm", self.batch_norm)
        if self.batch_norm and self.batch_size == 1:
            raise ValueError("batch_size: must be at least 2 for batch normalization, got 1")
        check_whole("pool", self.pool)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_fraction("dropout", self.dropout)
        check_whole("shift", self.shift, least=0)
        check_not_negative("rotate", self.rotate)
        shape = self.image_shape
        if shape is not None and not (
            isinstance(shape, list | tuple) and len(shape) in (2, 3) and all(is_whole(n) for n in shape)
        ):
            raise ValueError(f"image_shape: must be [height, width] or [channels, height, width], got {shape!r}")

    def loss(self, classes: int) -> Loss:
        """Return softmax cross entropy, or the squared error for regression."""
        return loss_of("auto", classes)

    def input_shape(self, features: int) -> Shape:
        """Return ``(channels, height, width)``.

        Raises
        ------
        ValueError
            If so many features do not make such an image.
        """
        if self.image_shape is None:
            side = math.isqrt(features)
            shape: Shape = (1, side, side)
        else:
            shape = (1, *self.image_shape) if len(self.image_shape) == 2 else tuple(self.image_shape)
        if math.prod(shape) != features:
            image = "a square image" if self.image_shape is None else f"image_shape={list(self.image_shape)}"
            raise ValueError(f"image_shape: {features} features must fill the image, got {image}")
        return shape

    def build(self, features: int, classes: int) -> list[Layer]:
        """Return new layers, the last one linear."""
        layers: list[Layer] = []
        for kernels in self.kernels:
            layers += [*self._convolution(kernels), ACTIVATIONS[self.activation](), MaxPooling(self.pool)]
        layers += [Flatten(), *self._dropout()]
        for units in self.hidden:
            layers += [Dense(units), ACTIVATIONS[self.activation](), *self._dropout()]
        return [*layers, Dense(self.loss(classes).outputs(classes))]

    def augmentation(self, features: int) -> ShiftAndRotate | None:
        """Return how training images are varied, if at all."""
        if not self.shift and not self.rotate:
            return None
        return ShiftAndRotate(self.input_shape(features), self.shift, self.rotate)

    def _convolution(self, kernels: int) -> list[Layer]:
        padding = self.kernel_size // 2 if self.padding is None else self.padding
        convolution = Convolution(kernels, self.kernel_size, self.stride, padding, bias=not self.batch_norm)
        return [convolution, BatchNorm(memory=_MEMORY)] if self.batch_norm else [convolution]

    def _dropout(self) -> list[Layer]:
        return [Dropout(self.dropout)] if self.dropout else []
