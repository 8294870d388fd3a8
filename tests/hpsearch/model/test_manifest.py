"""A manifest is only believed when every field of it keeps its rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import ModelFolderError
from hpsearch.model.manifest import LIMITS, compose, parse, read_file

GOOD = json.loads(compose({"config.json": b"{}", "arrays.npz": b"x"}, {"model/w": ("<f8", (2, 3))}))
CONFIG = GOOD["files"]["config.json"]


def test_what_is_composed_is_understood():
    manifest = parse(json.dumps(GOOD).encode(), "here")
    assert manifest.arrays == {"model/w": ("<f8", (2, 3))}
    assert manifest.files["arrays.npz"].size == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "here: must be a JSON object"),
        (b"[]", "must be a JSON object, got a list"),
        (b"\xff", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b'{"format": NaN}', "constant NaN"),
        (b'{"format": 1, "format": 1}', "the same key twice"),
        (b'{"format": ' + b"1" * 10_000 + b"}", "must be a JSON object"),
        (b"{}", r"format must be a version that is understood \(1\), got None"),
        (b'{"format": 99}', "got 99"),
        (b'{"format": true}', "got True"),
    ],
)
def test_a_text_that_is_no_manifest_is_refused(content, message):
    with pytest.raises(ModelFolderError, match=message):
        parse(content, "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": []}, "files must be a mapping"),
        ({"files": {}}, "files must be config.json, arrays.npz, got none"),
        ({"files": {"config.json": CONFIG}}, "got config.json"),
        ({"files": {"config.json": None}}, r"files.config.json.size must be from 0 to 4,194,304, got None"),
        ({"files": {"config.json": CONFIG | {"size": -1}}}, "got -1"),
        ({"files": {"config.json": CONFIG | {"size": 2**60}}}, "size must be from 0 to"),
        ({"files": {"config.json": CONFIG | {"size": True}}}, "size must be from 0 to"),
        ({"files": {"config.json": CONFIG | {"sha256": "abc"}}}, "sha256 must be 64 hexadecimal digits, got 'abc'"),
        ({"arrays": None}, "arrays must be a mapping"),
        ({"arrays": {"w": {"dtype": "<f8"}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [-1]}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [1.5]}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [1] * 33}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": "<f8"}}, "arrays.w must have a dtype and a shape"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(change, message):
    with pytest.raises(ModelFolderError, match=message):
        parse(json.dumps(GOOD | change).encode(), "here")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(["format", "files", "arrays"]), JSON)
def test_any_value_in_any_field_is_understood_or_refused_by_name(field, value):
    try:
        parse(json.dumps(GOOD | {field: value}).encode(), "here")
    except ModelFolderError as error:
        assert str(error).startswith("here: ")


def test_a_manifest_larger_than_its_limit_is_not_read(tmp_path):
    with (tmp_path / "manifest.json").open("wb") as stream:
        stream.truncate(LIMITS["manifest.json"] + 1)
    with pytest.raises(ModelFolderError, match=r"manifest\.json: must be at most 4,194,304 bytes, got 4,194,305"):
        read_file(tmp_path, "manifest.json")
