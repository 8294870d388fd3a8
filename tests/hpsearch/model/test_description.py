"""A description of a model is only believed when every field of it keeps its rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import ModelFolderError
from hpsearch.model.bundle import load
from hpsearch.model.description import LIMITS, ArraysFile, compose, parse
from hpsearch.model.tensors import Declared

FIELDS = {
    "trainer": "mlp",
    "config": {},
    "transform": {},
    "task": "classification",
    "classes": ["a", "b"],
    "features": ["x"],
    "image_shape": None,
}
ARRAYS_FILE = ArraysFile(48, "0" * 64, {"model/w": Declared("<f8", (2, 3), "F")})
GOOD = json.loads(compose(FIELDS, ARRAYS_FILE, "mlp"))


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFolderError) as caught:
        parse(content, "here")
    assert str(caught.value).startswith("here: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_composed_is_understood():
    fields, arrays = parse(json.dumps(GOOD).encode(), "here")
    assert arrays == ARRAYS_FILE and fields["trainer"] == "mlp"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be a JSON object"),
        (b"[]", "must be a JSON object, got a list"),
        (b"\xff", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b'{"format": NaN}', "constant NaN"),
        (b'{"format": 2, "format": 2}', "the same key twice"),
        (b'{"format": ' + b"1" * 10_000 + b"}", "must be a JSON object"),
        (b"{}", "format must be a version that is understood (2), got None"),
        (b'{"format": 1}', "got 1"),
        (b'{"format": 2.0}', "got 2.0"),
        (b'{"format": true}', "got True"),
    ],
)
def test_a_text_that_is_no_description_is_refused(content, message):
    assert message in refusal(content)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"trainer": "os.system('x')"}, "trainer must be a name or package.module:Name"),
        ({"trainer": ["mlp"]}, "trainer must be a name"),
        ({"config": []}, "config must be a mapping"),
        ({"transform": None}, "transform must be a mapping"),
        ({"task": "ranking"}, "task must be classification or regression, got 'ranking'"),
        ({"classes": ["a", 1]}, "classes must be two or more different labels of one type"),
        ({"classes": ["a", "a"]}, "classes must be two or more"),
        ({"classes": ["a"]}, "classes must be two or more"),
        ({"classes": [[1], [2]]}, "classes must be two or more"),
        ({"classes": []}, "classes must be given for classification alone"),
        ({"features": []}, "features must be a list of names"),
        ({"features": [1, 2, 3, 4]}, "features must be a list of names"),
        ({"image_shape": [2]}, "image_shape must be null or two sizes"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(fields, message):
    assert message in refusal(json.dumps(GOOD | fields).encode())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": -1}, "arrays.size must be from 0 to 2,147,483,648, got -1"),
        ({"size": 2**60}, "arrays.size must be from 0 to"),
        ({"size": True}, "arrays.size must be from 0 to"),
        ({"sha256": "abc"}, "arrays.sha256 must be 64 hexadecimal digits, got 'abc'"),
        ({"arrays": []}, "arrays.arrays must be a mapping, got []"),
        ({"file": "../x"}, "arrays must be a mapping of arrays, sha256, size, got"),
        ({"arrays": {"w": "<f8"}}, "arrays.arrays.w must be a mapping of dtype, order, shape, got <f8"),
    ],
)
def test_what_is_declared_of_the_arrays_file_keeps_its_rules(fields, message):
    assert message in refusal(json.dumps(GOOD | {"arrays": GOOD["arrays"] | fields}).encode())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dtype": "|O"}, "dtype must be one of numbers or booleans, such as <f8, got '|O'"),
        ({"dtype": "<U5"}, "dtype must be one of numbers or booleans"),
        ({"dtype": "<f3"}, "dtype must be one of numbers or booleans"),
        ({"dtype": "<f0"}, "dtype must be one of numbers or booleans"),
        ({"dtype": "f8,f8"}, "dtype must be one of numbers or booleans"),
        ({"dtype": None}, "dtype must be one of numbers or booleans"),
        ({"shape": 5}, "shape must be a list of sizes, got 5"),
        ({"shape": [-1]}, "shape must be at most 32 sizes, got [-1]"),
        ({"shape": [1.5]}, "shape must be at most 32 sizes"),
        ({"shape": [True]}, "shape must be at most 32 sizes"),
        ({"shape": [1] * 33}, "shape must be at most 32 sizes"),
        ({"order": "K"}, "order must be C or F, got 'K'"),
        ({"order": []}, "order must be C or F"),
        ({"more": 1}, "must be a mapping of dtype, order, shape"),
    ],
)
def test_what_is_declared_of_an_array_keeps_its_rules(fields, message):
    arrays = {"w": {"dtype": "<f8", "shape": [2], "order": "C"} | fields}
    assert message in refusal(json.dumps(GOOD | {"arrays": GOOD["arrays"] | {"arrays": arrays}}).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_any_value_in_any_field_is_understood_or_refused_by_name(field, value):
    try:
        parse(json.dumps(GOOD | {field: value}).encode(), "here")
    except ModelFolderError as error:
        assert str(error).startswith("here: ")


def test_a_description_larger_than_its_limit_is_not_read(tmp_path):
    with (tmp_path / "hpsearch.json").open("wb") as stream:
        stream.truncate(LIMITS["hpsearch.json"] + 1)
    with pytest.raises(ModelFolderError, match=r"hpsearch\.json: must be at most 8,388,608 bytes, got 8,388,609"):
        load(tmp_path)
