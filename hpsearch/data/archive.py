"""Reads npz archives without pickle and without trusting what they declare.

A zip entry or an npy header can claim any size; here every claim is compared with what is really there before an
array is allocated. `readers.npz` reads data with it, `hpsearch.model.first_format` older models; both word the
ValueErrors of this module in their own way.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_RATIO = 1032
"""No deflate stream grows more than this when it is unpacked (zlib's documentation, "Maximum compression factor")."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    UnicodeError,
    LookupError,
    TypeError,
    SyntaxError,
    tokenize.TokenError,
)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Header:
    """What an npy file says about its array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool

    @property
    def size_bytes(self) -> int:
        """Return the number of bytes that the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_arrays(
    source: bytes | Path, limit_bytes: int, declared: Mapping[str, tuple[str, tuple[int, ...]]] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz archive.

    Parameters
    ----------
    source : the archive's bytes or its path
    limit_bytes : most that all arrays together may take
    declared : dtype (as ``dtype.str``) and shape by name, if the archive must hold exactly these arrays

    Raises
    ------
    ValueError
        The archive is damaged, holds something other than plain arrays, is larger than it may be, or is not what
        was declared; nothing of the declared size was allocated then.
    OSError
        The file cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            headers = _headers(archive, limit_bytes)
            if declared is not None:
                _compare({name: (header.dtype.str, header.shape) for name, header in headers.items()}, declared)
            return {name: _read_array(archive, name, header) for name, header in headers.items()}
    except _BROKEN as error:
        raise ValueError(f"not a readable npz archive ({error})") from error


def _headers(archive: zipfile.ZipFile, limit_bytes: int) -> dict[str, Header]:
    """Read every npy header; raise ValueError where sizes do not agree or an array needs a pickle."""
    headers: dict[str, Header] = {}
    total = 0
    if sum(info.compress_size for info in archive.infolist()) > archive.start_dir:
        raise ValueError(f"entries must lie one behind another in the {archive.start_dir:,} bytes before their list")
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name == info.filename or name in headers:
            raise ValueError(f"entry {info.filename!r}: every entry must be an .npy file of its own name")
        if info.compress_type not in _PACKED:
            raise ValueError(f"entry {name!r}: must be stored or deflated, got zip method {info.compress_type}")
        if info.file_size > (info.compress_size + 64) * MAX_RATIO:
            raise ValueError(f"entry {name!r}: declares {info.file_size:,} bytes, packed in {info.compress_size:,}")
        total += info.file_size
        if total > limit_bytes:
            raise ValueError(f"entry {name!r}: all arrays may take {limit_bytes:,} bytes, got {total:,} up to here")
        with archive.open(info) as member:
            headers[name] = _header(member, name, info.file_size)
    return headers


def _header(member: Any, name: str, file_size: int) -> Header:
    version = npy.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"array {name!r}: npy versions 1.0 and 2.0 are understood, got {version}")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(member)
    if dtype.hasobject or dtype.kind not in "biufcSU":
        raise ValueError(f"array {name!r}: only numbers, booleans and text are read, got dtype {dtype} (a pickle)")
    if dtype.itemsize == 0:  # it would take no bytes here at any shape, and some as soon as it is copied
        raise ValueError(f"array {name!r}: items must take a byte at least, got dtype {dtype.str}")
    header = Header(dtype, tuple(int(n) for n in shape), bool(fortran_order))
    there = file_size - member.tell()
    if min(header.shape, default=0) < 0 or header.size_bytes != there:
        raise ValueError(
            f"array {name!r}: {dtype} of shape {header.shape} takes {header.size_bytes:,} bytes, "
            f"the file holds {there:,}"
        )
    return header


def _read_array(archive: zipfile.ZipFile, name: str, header: Header) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        content = _payload(member, header)
    # The order in memory is kept: matrix products of the other order differ in their last bits.
    order: Literal["F", "C"] = "F" if header.fortran_order else "C"
    view: NDArray[Any] = np.ndarray(header.shape, header.dtype, buffer=content, order=order)
    return view.copy(order="K")


def _payload(member: Any, header: Header) -> bytes:
    content: bytes = member.read()
    if len(content) < header.size_bytes:
        raise EOFError(f"expected {header.size_bytes:,} bytes of an array, got {len(content):,}")
    return content[len(content) - header.size_bytes :]


def _compare(arrays: Mapping[str, tuple[str, tuple[int, ...]]], declared: Mapping[str, tuple[str, Any]]) -> None:
    for name in sorted(set(arrays) ^ set(declared)):
        raise ValueError(f"array {name!r}: {'not declared' if name in arrays else 'declared, but not there'}")
    for name, (dtype, shape) in declared.items():
        if arrays[name] != (dtype, tuple(shape)):
            raise ValueError(
                f"array {name!r}: declared {dtype} {tuple(shape)}, got {arrays[name][0]} {arrays[name][1]}"
            )


def read_exactly(stream: BinaryIO, size: int, chunk: int = 1 << 20) -> bytes:
    """Return up to `size` bytes without allocating more than was really there."""
    pieces = []
    while size > 0 and (piece := stream.read(min(chunk, size))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
