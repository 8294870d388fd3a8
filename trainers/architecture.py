"""Architectures as data: a list of layers with sizes and activations, and what the last one says about the output.

``layers: [{units: 25, activation: relu}, {units: 1, activation: sigmoid}]`` beside the short form ``hidden: [25]``,
``activation: relu``. Read by `dense_trainer`; articles E describe networks this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainers.layers import ACTIVATIONS
from trainers.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from trainers.settings import check_choice, check_whole

OUTPUTS = ("auto", "softmax", "sigmoid")


@dataclass(frozen=True)
class Block:
    """A layer as a reader writes it: how many units, and what follows them."""

    units: int
    activation: str


def parse(layers: object) -> list[Block]:
    """Return the blocks that a setting lists.

    Raises
    ------
    ValueError
        Naming the entry, the rule, the value and the choices.
    """
    if not isinstance(layers, list | tuple) or not layers:
        raise ValueError(f"layers: must be a list such as [{{units: 25, activation: relu}}], got {layers!r}")
    return [_block(f"layers[{place}]", entry, last=place == len(layers) - 1) for place, entry in enumerate(layers)]


def _block(where: str, entry: Any, last: bool) -> Block:
    if not isinstance(entry, Mapping) or "units" not in entry:
        raise ValueError(f"{where}: must have units and may have an activation, got {entry!r}")
    for key in entry:
        check_choice(f"{where}: key", key, ("units", "activation"))
    check_whole(f"{where}.units", entry["units"])
    activation = entry.get("activation", "relu")
    check_choice(f"{where}.activation", activation, [*ACTIVATIONS, "softmax"] if last else ACTIVATIONS)
    return Block(int(entry["units"]), activation)


def split_output(blocks: list[Block], output: str, classes: int) -> tuple[list[Block], Loss]:
    """Return the hidden blocks, and the loss that belongs to the output.

    The last block is the output's where it can be one: softmax, or linear with as many units as there are outputs,
    or one sigmoid unit for two classes. Otherwise the output is added, but for what can only have been meant as one.

    Parameters
    ----------
    blocks : all that were listed
    output : one of `OUTPUTS`; ``auto`` follows the last block, else softmax
    classes : number of classes, 0 for regression

    Raises
    ------
    ValueError
        If the output cannot have so many classes.
    """
    last = blocks[-1] if blocks else None
    if last is not None and last.activation == "sigmoid" and last.units == 1 and output != "softmax":
        if classes != 2:
            raise ValueError(f"layers: one sigmoid unit at the end needs 2 classes, got {classes}")
        return blocks[:-1], BinaryCrossEntropy()
    loss = loss_of(output, classes)
    units = loss.outputs(classes)
    if last is not None and last.activation == "softmax":
        if not isinstance(loss, SoftmaxCrossEntropy) or last.units != units:
            raise ValueError(f"layers: a softmax of {last.units} units needs as many classes, got {classes}")
        return blocks[:-1], loss
    if last is not None and last.activation == "linear" and last.units == units:
        return blocks[:-1], loss
    return blocks, loss


def loss_of(output: str, classes: int) -> Loss:
    """Return the loss of an output by its name; without classes it is the squared error.

    Raises
    ------
    ValueError
        If the output cannot have so many classes.
    """
    if not classes:
        return MeanSquaredError()
    loss = BinaryCrossEntropy() if output == "sigmoid" else SoftmaxCrossEntropy()
    loss.outputs(classes)  # refuses what it cannot do
    return loss
