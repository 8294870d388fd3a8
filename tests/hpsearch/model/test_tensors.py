"""A safetensors file gives every bit back, in the order it lay in memory, and nothing in it is believed undeclared."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hpsearch.model.tensors import Declared, read_tensors, write_tensors

DTYPES = st.one_of(
    hnp.floating_dtypes(),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.boolean_dtypes(),
    hnp.complex_number_dtypes(),
)
SHAPES = hnp.array_shapes(min_dims=0, min_side=0, max_side=4)


def file_of(header: object, payload: bytes = b"") -> bytes:
    content = json.dumps(header).encode()
    return len(content).to_bytes(8, "little") + content + payload


@given(
    st.dictionaries(st.text("abc/_1", min_size=1, max_size=8), hnp.arrays(DTYPES, SHAPES), max_size=4),
    st.sampled_from("CFA"),
)
def test_what_is_written_is_read_again_bit_by_bit(arrays, order):
    arrays = {
        name: array[..., ::2] if order == "A" and array.ndim else np.asarray(array, order=order)
        for name, array in arrays.items()
    }
    again = read_tensors(*write_tensors(arrays))
    assert list(again) == list(arrays)
    for name, array in arrays.items():
        assert again[name].dtype.str == array.dtype.str and again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", ["<f8", "<f4", "<f2", "<i8", "<u2", "|b1", "<c8", "<c16", ">f8", np.longdouble])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_is_kept_and_the_array_can_be_written_to(dtype, order):
    array = read_tensors(*write_tensors({"a": np.asarray(np.arange(6).reshape(2, 3), dtype, order=order)}))["a"]
    assert array.flags[f"{order}_CONTIGUOUS"] and array.flags.writeable and array.flags.aligned
    assert array.dtype == np.dtype(dtype) and array.tolist() == np.arange(6).reshape(2, 3).astype(dtype).tolist()


def test_the_same_arrays_give_the_same_bytes():
    assert write_tensors({"a": np.ones(3), "b": np.ones(2)}) == write_tensors({"b": np.ones(2), "a": np.ones(3)})


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([None]), np.array([b"x"]), np.zeros(2, "M8[s]")])
def test_what_holds_no_numbers_is_not_written(array):
    with pytest.raises(ValueError, match="dtype must be one of numbers or booleans"):
        write_tensors({"a": array})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the arrays take 8 bytes as declared, the file has 0"),
        (b"x" * 40, "not a readable safetensors file"),
        (b"\xff" * 8 + b"{}", "not a readable safetensors file"),
        (file_of({}), "the arrays take 8|array 'a': declared, but not there"),
        (file_of({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}), "not a readable safetensors file"),
        (file_of({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}, b"x" * 9), "not a readable"),
        (file_of({"a": {"dtype": "F64", "shape": [2**62, 2**62], "data_offsets": [0, 8]}}, b"x" * 8), "overflow"),
        (file_of({"a": {"dtype": "F64", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]}}), "not a readable"),
        (file_of({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, b"x" * 8), "not a readable"),
        (
            file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"x" * 8),
            r"<f8 \(1,\) for it as declared",
        ),
        (file_of({"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}, b"x" * 8), r"got <f8 \(\)"),
        (
            file_of({"b": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}, b"x" * 8),
            "array 'a': declared, but not",
        ),
    ],
)
def test_a_file_that_is_not_what_was_declared_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        read_tensors(content, {"a": Declared("<f8", (1,))})


def test_an_array_that_was_not_declared_is_refused():
    content, _ = write_tensors({"a": np.ones(1), "b": np.ones(1)})
    with pytest.raises(ValueError, match="array 'b': not declared"):
        read_tensors(content, {"a": Declared("<f8", (1,))})


@given(st.integers(0, 120), st.binary(min_size=1, max_size=3))
def test_any_other_byte_is_refused_or_changes_a_value_alone(place, other):
    content, declared = write_tensors({"a": np.ones((2, 3), "<f4"), "b": np.ones(2)})
    try:
        again = read_tensors(content[:place] + other + content[place + len(other) :], declared)
    except ValueError:
        return
    assert {name: Declared(array.dtype.str, array.shape) for name, array in again.items()} == declared
