"""Names, shapes and places of a network's parameters in its flat vector.

`trainers.network` allocates by this plan; nothing is allocated here, so that a stored model can be checked first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from trainers.arrays import Array, Shape
from trainers.layers import Convolution, Layer, MaxPooling

KINDS = ("weights", "biases", "gammas", "betas")


def check_arrays(shapes: dict[str, Shape], arrays: dict[str, Array]) -> None:
    """Refuse arrays that do not have exactly these names and shapes, or hold no real numbers.

    Raises
    ------
    ValueError
        Naming the array, what it must be, and what it is.
    """
    if shapes.keys() != arrays.keys():
        raise ValueError(f"arrays: must be {', '.join(sorted(shapes))}, got {', '.join(sorted(arrays)) or 'none'}")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(f"arrays: {name} must be floats of shape {shape}, got {array.dtype} {array.shape}")


def numbered(layers: Sequence[Layer]) -> Iterator[tuple[int, Layer]]:
    """Yield layers with their number: each with weights begins a new one, batch normalization shares the last."""
    number = 0
    for layer in layers:
        number += "weights" in layer.kinds
        yield max(number, 1), layer


def trace(layers: Sequence[Layer], input_shape: Shape) -> tuple[Shape, dict[str, Shape], int]:
    """Return the output's shape, all parameters' shapes by name, and the size of the widest layer.

    Raises
    ------
    ValueError
        If a layer cannot take what the one before it gives, or pads beyond the size of the network's images.
    """
    shape, shapes, widest = input_shape, {}, math.prod(input_shape)
    for number, layer in numbered(layers):
        for kind, own in layer.parameter_shapes(shape).items():
            shapes[f"layer{number}.{kind}"] = own
        shape = layer.output_shape(shape)
        _check_padding(layer, input_shape[1:])
        widest = max(widest, math.prod(shape))
    return shape, shapes, widest


def _check_padding(layer: Layer, image: Shape) -> None:
    # No array bounds it as it does all other sizes: an altered configuration could make `forward` ask for any memory.
    padding = layer.windows.padding if isinstance(layer, Convolution | MaxPooling) else 0
    if padding > max(image, default=0):
        raise ValueError(f"{layer.kind}: padding must be at most the images' {max(image)} pixels, got {padding}")


def places_of(shapes: dict[str, Shape]) -> dict[str, slice]:
    """Lay arrays of one kind side by side, so that a kind is one slice of the flat vector."""
    places, start = {}, 0
    for kind in KINDS:
        for name, shape in shapes.items():
            if name.endswith(f".{kind}"):
                places[name] = slice(start, start + math.prod(shape))
                start += math.prod(shape)
    return places


def section_of(places: dict[str, slice], kind: str) -> slice:
    """Return the slice of the flat vector that holds all arrays of one kind; empty if there is none."""
    own = [place for name, place in places.items() if name.endswith(f".{kind}")]
    return slice(own[0].start, own[-1].stop) if own else slice(0, 0)
