"""Arrays as the bytes of a safetensors file, and back bit for bit in their order in memory.

`description` keeps what each array must be; nothing in the bytes is believed before it is compared with that. What
safetensors has no name for (complex128, long double, another byte order) is stored as bytes and declared as what it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

Order = Literal["C", "F"]
_NUMBERS = re.compile(r"[<>|][biufc][0-9]{1,2}")
_NATIVE = frozenset(
    np.dtype(kind).str for kind in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "c8")
)


@dataclass(frozen=True)
class Declared:
    """What an array must be: its dtype (as ``dtype.str``), its shape, and its order in memory.

    Raises
    ------
    ValueError
        The dtype is none of numbers or booleans, or the shape none of whole numbers.
    """

    dtype: str
    shape: tuple[int, ...]
    order: Order = "C"

    def __post_init__(self) -> None:
        if not isinstance(self.dtype, str) or not _NUMBERS.fullmatch(self.dtype) or not _is_known(self.dtype):
            raise ValueError(f"dtype must be one of numbers or booleans, such as <f8, got {str(self.dtype)[:40]!r}")
        if len(self.shape) > 32 or not all(type(n) is int and n >= 0 for n in self.shape):
            raise ValueError(f"shape must be at most 32 sizes, got {str(list(self.shape))[:100]}")
        if self.order not in ("C", "F"):
            raise ValueError(f"order must be C or F, got {str(self.order)[:40]!r}")

    @property
    def size_bytes(self) -> int:
        """Return the number of bytes that the array takes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def stored(self) -> tuple[str, tuple[int, ...]]:
        """Return the dtype and the shape that the file has for it."""
        shape = self.shape[::-1] if self.order == "F" else self.shape
        dtype = np.dtype(self.dtype)
        return (dtype.str, shape) if dtype.str in _NATIVE else ("|u1", (*shape, dtype.itemsize))


def write_tensors(arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, dict[str, Declared]]:
    """Return the file's bytes, the same on any day, and what is to be declared of each array.

    Raises
    ------
    ValueError
        An array holds something other than numbers or booleans.
    """
    declared = {name: _declared(array) for name, array in arrays.items()}
    stored = {name: _as_stored(np.asarray(array), declared[name]) for name, array in arrays.items()}
    return safetensors.numpy.save(stored), declared


def read_tensors(content: bytes, declared: Mapping[str, Declared]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file that must hold exactly those that were declared.

    Raises
    ------
    ValueError
        The file is damaged or holds something else; no array was allocated then that is larger than the file.
    """
    total = sum(one.size_bytes for one in declared.values())
    if total > len(content):
        raise ValueError(f"the arrays take {total:,} bytes as declared, the file has {len(content):,}")
    try:
        tensors = safetensors.numpy.load(content)
    except (SafetensorError, LookupError, ValueError, OverflowError) as error:
        raise ValueError(f"not a readable safetensors file ({str(error)[:200]})") from error
    for name in sorted(set(tensors) ^ set(declared)):
        raise ValueError(f"array {name[:100]!r}: {'not declared' if name in tensors else 'declared, but not there'}")
    return {name: _restored(name, tensors[name], one) for name, one in declared.items()}


def _is_known(dtype: str) -> bool:
    try:
        return np.dtype(dtype).itemsize > 0
    except TypeError:  # such as <f3
        return False


def _declared(array: NDArray[Any]) -> Declared:
    array = np.asarray(array)
    columns_first = array.flags.f_contiguous and not array.flags.c_contiguous
    return Declared(array.dtype.str, array.shape, "F" if columns_first else "C")


def _as_stored(array: NDArray[Any], declared: Declared) -> NDArray[Any]:
    dtype, shape = declared.stored()
    rows_first = np.asarray(array.T if declared.order == "F" else array, order="C")
    return rows_first if rows_first.dtype.str == dtype else rows_first.reshape(-1, 1).view(dtype).reshape(shape)


def _restored(name: str, tensor: NDArray[Any], declared: Declared) -> NDArray[Any]:
    dtype, shape = declared.stored()
    if (tensor.dtype.str, tensor.shape) != (dtype, shape):
        there = f"{tensor.dtype.str} {tensor.shape}"
        raise ValueError(f"array {name!r}: the file must hold {dtype} {shape} for it as declared, got {there}")
    if dtype != declared.dtype:
        tensor = tensor.reshape(-1).view(declared.dtype).reshape(shape[:-1])
    # The order in memory is kept: matrix products of the other order differ in their last bits.
    array = tensor.T if declared.order == "F" else tensor
    return np.require(array, requirements=["ALIGNED", "WRITEABLE"])
