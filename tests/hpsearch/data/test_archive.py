"""npz archives keep every bit, and nothing that they declare is believed before it is compared."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import format as npy

from hpsearch.data.archive import read_arrays

LIMIT = 1 << 20
DTYPES = st.one_of(hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.boolean_dtypes(), hnp.unicode_string_dtypes())


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as packed:
        for name, member in members.items():
            packed.writestr(name, member)
    return content.getvalue()


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """Return an archive as older models have one."""
    members = {}
    for name, array in arrays.items():
        content = io.BytesIO()
        npy.write_array(content, array, allow_pickle=False)
        members[f"{name}.npy"] = content.getvalue()
    return archive(members)


def member(shape: tuple[int, ...], dtype: object = "<f8", payload: bytes = b"") -> bytes:
    content = io.BytesIO()
    npy.write_array_header_1_0(content, {"descr": dtype, "fortran_order": False, "shape": shape})
    return content.getvalue() + payload


def nested(count: int, payload: bytes) -> bytes:
    """Return an archive whose every entry is the content of the one before: its bytes are there once, count often."""
    stored, infos = b"", []
    for number in range(count):
        content = member((len(stored) + len(payload),), "|u1", stored + payload)
        info = zipfile.ZipInfo(f"a{number}.npy")
        info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(content)
        stored, payload = info.FileHeader() + content, b""
        infos.append((info, len(content)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        packed.write(stored)
        for info, size in infos:
            info.header_offset = len(stored) - size - len(info.FileHeader())
            archive.filelist.append(info)
        archive.start_dir, archive._didModify = len(stored), True  # so that it lists them when it is closed
    return packed.getvalue()


@given(st.dictionaries(st.text("abc/_1", min_size=1, max_size=8), hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0))))
def test_what_is_written_is_read_again_bit_by_bit(arrays):
    again = read_arrays(packed(arrays), LIMIT)
    assert list(again) == list(arrays)
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype and again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_is_kept_and_the_array_can_be_written_to(order):
    array = read_arrays(packed({"a": np.asarray(np.arange(6.0).reshape(2, 3), order=order)}), LIMIT)["a"]
    assert array.flags[f"{order}_CONTIGUOUS"] and array.flags.writeable


def test_what_numpy_writes_is_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(100_000), b=np.array("text"))
    arrays = read_arrays(tmp_path / "a.npz", LIMIT)
    assert arrays["a"].shape == (100_000,) and arrays["b"] == "text"


def with_pickle() -> bytes:
    content = io.BytesIO()
    np.savez(content, a=np.array([{"any": "thing"}], dtype=object))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable npz archive"),
        (b"PK\5\6", "not a readable npz archive"),
        (with_pickle(), "only numbers, booleans and text are read, got dtype object"),
        (archive({"a.npy": member((10**12,))}), "takes 8,000,000,000,000 bytes, the file holds 0"),
        (archive({"a.npy": member((2,), payload=b"\0" * 15)}), "takes 16 bytes, the file holds 15"),
        (archive({"a.npy": member((-2,), payload=b"")}), "the file holds 0"),
        (archive({"a.npy": member((2,), "<M8[s]", b"\0" * 16)}), "only numbers"),
        (archive({"a.npy": member((1,), "|V8", b"\0" * 8)}), "only numbers"),
        (archive({"a.npy": member((10**12,), "<U0")}), "items must take a byte at least, got dtype <U0"),
        (archive({"a.npy": member((10**12,), "|S0")}), r"items must take a byte at least, got dtype \|S0"),
        (archive({"a.npy": member((10**12,), "<U")}), "items must take a byte at least"),
        (archive({"a.npy": member((10**12,), "|V0")}), "only numbers"),
        (archive({"a.npy": member((10**12,), ("<f8", (0,)))}), "only numbers"),
        (archive({"a.npy": member((10**12,), [])}), "only numbers"),
        (archive({"a.npy": member((10**12,), [("x", "<U0")])}), "only numbers"),
        (archive({"a.npy": npy.magic(1, 0) + b"\x0c\0{'descr': (  "}), "not a readable npz archive"),
        (archive({"a.npy": npy.magic(1, 0) + b"\x03\0'''"}), "not a readable npz archive"),
        (archive({"a.npy": member((1,), payload=bytes(8))}, zipfile.ZIP_LZMA), "stored or deflated, got zip method 14"),
        (archive({"a.npy": member((1,), payload=bytes(8))}, zipfile.ZIP_BZIP2), "got zip method 12"),
        (nested(3, bytes(1000)), "entries must lie one behind another"),
        (archive({"a.npy": b"not npy"}), "not a readable npz archive|magic"),
        (archive({"a.npy": b"\x93NUMPY\x09\x00"}), "versions 1.0 and 2.0 are understood|only support"),
        (archive({"a.txt": b"text"}), "every entry must be an .npy file"),
        (archive({"a.npy": member((200_000,), payload=bytes(1_600_000))}), "all arrays may take 1,048,576 bytes"),
    ],
)
def test_an_archive_that_lies_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        read_arrays(content, LIMIT)


def test_a_bomb_is_refused_by_what_it_unpacks_to():
    bomb = archive({"a.npy": member((10**8,), "|u1", bytes(10**8))}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 200_000
    with pytest.raises(ValueError, match="all arrays may take"):
        read_arrays(bomb, LIMIT)


def test_an_empty_array_of_any_shape_takes_nothing():
    array = read_arrays(archive({"a.npy": member((0, 10**13))}), LIMIT)["a"]
    assert array.shape == (0, 10**13) and array.nbytes == 0


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_entry_is_refused_as_a_value_error(compression):
    content = bytearray(archive({"a.npy": member((1000,), payload=np.arange(1000.0).tobytes())}, compression))
    for start in range(30, len(content) // 2, 97):
        damaged = content.copy()
        damaged[start : start + 20] = b"\xff" * 20
        with pytest.raises(ValueError, match=r"archive|stored or deflated|array"):
            read_arrays(bytes(damaged), LIMIT)


def test_a_size_that_deflate_could_not_reach_is_refused():
    content = bytearray(archive({"a.npy": member((2,), payload=bytes(16))}, zipfile.ZIP_DEFLATED))
    start = content.index(b"PK\1\2")
    content[start + 24 : start + 28] = (2**31 - 1).to_bytes(4, "little")
    with pytest.raises(ValueError, match="declares 2,147,483,647 bytes, packed in"):
        read_arrays(bytes(content), 2**40)


def test_the_same_name_twice_is_refused():
    with pytest.warns(UserWarning):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as packed:
            packed.writestr("a.npy", member((1,), payload=bytes(8)))
            packed.writestr("a.npy", member((1,), payload=bytes(8)))
    with pytest.raises(ValueError, match="of its own name"):
        read_arrays(content.getvalue(), LIMIT)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({}, "array 'a': not declared"),
        ({"a": ("<f8", (3,)), "b": ("<f8", (3,))}, "array 'b': declared, but not there"),
        ({"a": ("<f8", (4,))}, r"declared <f8 \(4,\), got <f8 \(3,\)"),
        ({"a": ("<f4", (3,))}, "declared <f4"),
    ],
)
def test_arrays_other_than_declared_are_refused(declared, message):
    with pytest.raises(ValueError, match=message):
        read_arrays(packed({"a": np.ones(3)}), LIMIT, declared)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused_as_a_value_error(position, byte):
    content = bytearray(packed({"a": np.arange(4.0), "b": np.ones((2, 2))}))
    content[position % len(content)] = byte
    with contextlib.suppress(ValueError):
        read_arrays(bytes(content), LIMIT)
