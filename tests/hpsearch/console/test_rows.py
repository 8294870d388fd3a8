"""Names and lines in two columns."""

from __future__ import annotations

from hpsearch.console.rows import print_rows


def test_a_name_stands_once_before_its_lines_and_an_empty_one_not_at_all(capsys):
    print_rows([("one", ["a"]), ("none", []), ("two", ["b", "c"]), ("one", [""])], width=4)
    assert capsys.readouterr().out == "  one  a\n  two  b\n       c\n  one  \n"
