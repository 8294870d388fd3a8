"""The YAML dialect: which words are numbers, which lines keys stand on, and that nothing is ever built."""

from __future__ import annotations

import time
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpsearch.errors import SpecError
from hpsearch.spec.yaml_source import parse, write


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
        "a: !!python/tuple [1]",
        "a: !!binary aGVsbG8=",
        "a: !!set {b}",
        "a: !!omap [b: 1]",
        "a: !!pairs [b: 1]",
        "a: !!timestamp 2001-01-01",
    ],
)
def test_a_tag_that_asks_for_an_object_is_refused(text):
    with pytest.raises(SpecError, match=r"^s:1: not valid YAML: the tag !\S+ asks for a type of its own"):
        parse(text, "s")


@pytest.mark.parametrize("text", ["a: !!int many", "a: !!float x", "a: !!bool maybe", "a: " + "9" * 10_000])
def test_a_scalar_that_is_not_what_it_claims_is_named_with_its_line(text):
    with pytest.raises(SpecError, match=r"^s:1: not valid YAML: '\w{1,40}' cannot be read as (int|float|bool)$"):
        parse(text, "s")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1, 2", 1),
        ("x: 1\na: b: c", 2),
        ("x: 1\n\ta: 1", 2),
        ("a:\n\t- 1", 2),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\nb: *nowhere", 2),
        ("{a: 1}}", 1),
        ("x: 1\n? [a]\n: 1", 2),
        ("x: 1\n? {a: 1}\n: 1", 2),
        ("x: 1\n\x00", 2),
        ("x: 1\ny: \x1b[0m", 2),
        ("a: 'open\nb: 1", 2),
        ("a: 1\n~: 1\nnull: 2", 3),
    ],
)
def test_what_is_not_yaml_is_one_line_with_the_file_and_the_line(text, line):
    with pytest.raises(SpecError, match=rf"^sweep\.yaml:{line}: not valid YAML: .") as caught:
        parse(text, "sweep.yaml")
    assert "\n" not in str(caught.value)


@given(st.text(st.sampled_from("ab01 \n:-[]{},'\"#&*!|>?%@\t.~<=\x85\ufeff\x00")))
def test_any_text_is_read_or_refused_with_a_line(text):
    try:
        parse(text, "s")
    except SpecError as error:
        assert str(error).startswith("s:") and str(error)[2].isdigit() and "\n" not in str(error)


def test_a_key_that_stands_twice_is_refused_with_both_lines():
    with pytest.raises(SpecError, match=r"^s:3: a: each key may stand once, first on line 1$"):
        parse("a: 1\nb: 2\na: 3\n", "s")


def test_a_key_may_stand_in_two_sections():
    assert parse("a: {x: 1}\nb: {x: 2}", "s").value == {"a": {"x": 1}, "b": {"x": 2}}


def test_references_are_followed_and_a_merge_stays_the_plain_key_it_was():
    assert parse("a: &a [1]\nb: *a", "s").value == {"a": [1], "b": [1]}
    assert parse("a: &a {x: 1}\nb:\n  <<: *a", "s").value == {"a": {"x": 1}, "b": {"<<": {"x": 1}}}


def test_an_anchor_that_stands_twice_is_read_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse("a: &a 1\nb: &a 2\nc: *a", "s").value == {"a": 1, "b": 2, "c": 2}


def test_a_file_that_claims_an_older_yaml_is_read_in_the_same_dialect():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse("%YAML 1.1\n---\na: [no, 010, 1e-4, 12:30]\n", "s").value == {"a": ["no", 10, 1e-4, "12:30"]}


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    document = parse("\ufeffa: 1\r\nb:\r\n  c: x\r\n", "s")
    assert document.value == {"a": 1, "b": {"c": "x"}} and document.line(("b", "c")) == 3


def test_each_path_knows_its_line():
    document = parse("a: 1\nb:\n  c: 2\n  d:\n  - 5\n  - 6\n", "s")
    assert [document.line(path) for path in (("a",), ("b", "c"), ("b", "d", 1), ("b", "nowhere"))] == [1, 3, 6, 2]


def test_a_spec_that_blows_itself_up_with_references_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    started = time.perf_counter()
    with pytest.raises(SpecError, match=r"^s:\d+: not valid YAML: must have 100,000 values and 100 levels at most"):
        parse("\n".join(lines), "s")
    assert time.perf_counter() - started < 2


def test_a_document_nested_too_deeply_is_refused():
    with pytest.raises(SpecError, match=r"^s:1: not valid YAML: must have .* 100 levels at most"):
        parse("[" * 5000, "s")


@pytest.mark.parametrize("text", ["a: &a\n  b: *a\n", "a: &a [*a]", "a: &a [[*a, *a]]"])
def test_a_value_that_contains_itself_is_refused(text):
    with pytest.raises(SpecError, match=r"^s:\d: not valid YAML: must have .* 100 levels at most"):
        parse(text, "s")


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=12)
    | st.sampled_from(
        ["1e-4", "yes", "on", "0x10", "1_000", "010", ".5", "2024-01-01", "=", "<<", "~", "null", "", "- a"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abz_1", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abz_1", min_size=1), PLAIN, max_size=4))
@example({"a": {"b": ":N"}})
def test_what_is_written_is_read_again(value):
    again = parse(write(value), "s").value
    assert again == value and repr(again) == repr(value) and list(again) == list(value)


def test_a_mapping_is_written_in_its_order_with_short_values_on_one_line():
    assert write({"b": {"low": 1e-4, "log": True}, "a": [1, 2]}) == "b: {low: 0.0001, log: true}\na: [1, 2]\n"
