"""The YAML dialect: which words are numbers, which lines keys stand on, and that nothing is ever built."""

from __future__ import annotations

import time

import pytest

from hpsearch.errors import SpecError
from hpsearch.spec.yaml_source import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("-2", -2),
        ("010", 10),
        ("0", 0),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("2024-01-01", "2024-01-01"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("'1e-4'", "1e-4"),
        ("[50, [100, 1e2]]", [50, [100, 100.0]]),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text, value):
    got = parse(text, "s").value
    assert got == value and type(got) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!!python/object/new:subprocess.Popen [['true']]",
        "a: !anything 5",
        "a: !!binary aGVsbG8=\nb: !!python/tuple [1]",
    ],
)
def test_a_tag_that_asks_for_an_object_is_refused(text):
    with pytest.raises(SpecError, match=r"^s:\d: not valid YAML: "):
        parse(text, "s")


@pytest.mark.parametrize(
    "text", ["a: [1, 2", "a: b: c", "\ta: 1", "a: 1\n---\nb: 2", "a: *nowhere", "{a: 1}}", "? [a]\n: 1", "\x00", "'"]
)
def test_what_is_not_yaml_is_one_line_that_says_so(text):
    with pytest.raises(SpecError, match=r"not valid YAML") as caught:
        parse(text, "sweep.yaml")
    assert str(caught.value).startswith("sweep.yaml") and "\n" not in str(caught.value)


def test_a_key_that_stands_twice_is_refused_with_both_lines():
    with pytest.raises(SpecError, match=r"^s:3: a: each key may stand once, first on line 1$"):
        parse("a: 1\nb: 2\na: 3\n", "s")


def test_a_key_may_stand_in_two_sections():
    assert parse("a: {x: 1}\nb: {x: 2}", "s").value == {"a": {"x": 1}, "b": {"x": 2}}


def test_each_path_knows_its_line():
    document = parse("a: 1\nb:\n  c: 2\n  d:\n  - 5\n  - 6\n", "s")
    assert [document.line(path) for path in (("a",), ("b", "c"), ("b", "d", 1), ("b", "nowhere"))] == [1, 3, 6, 2]


def test_a_spec_that_blows_itself_up_with_references_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    started = time.perf_counter()
    with pytest.raises(SpecError):
        parse("\n".join(lines), "s")
    assert time.perf_counter() - started < 5


def test_a_document_nested_too_deeply_is_refused():
    with pytest.raises(SpecError, match="not valid YAML"):
        parse("[" * 5000, "s")


def test_a_mapping_that_contains_itself_is_refused():
    with pytest.raises(SpecError):
        parse("a: &a\n  b: *a\n", "s")


def test_a_number_too_long_to_be_read_is_refused():
    with pytest.raises(SpecError):
        parse("a: " + "9" * 10000, "s")
