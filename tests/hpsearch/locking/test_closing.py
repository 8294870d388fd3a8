"""Everything is given back on every way out, and the first error is the one that is read."""

from __future__ import annotations

import pytest

from hpsearch.locking.closing import closing, noting


def fail(error):
    raise error


@pytest.mark.parametrize("error", [None, ValueError("first"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_it_is_closed_on_every_way_out(error):
    closed = []
    try:
        with closing("it", lambda: closed.append(1)):
            if error is not None:
                raise error
    except BaseException as caught:
        assert caught is error
        assert not hasattr(caught, "__notes__")
    assert closed == [1]


def test_an_error_of_the_closing_is_a_note_on_the_first_one():
    with pytest.raises(ValueError, match="first") as caught, closing("it stayed open", lambda: fail(OSError("later"))):
        raise ValueError("first")
    assert caught.value.__notes__ == ["then, it stayed open: OSError: later"]


def test_an_error_of_the_closing_alone_is_raised():
    with pytest.raises(OSError, match="later"), closing("it", lambda: fail(OSError("later"))):
        pass


@pytest.mark.parametrize("first", [None, ValueError("first")])
def test_an_interrupt_within_the_closing_does_not_leave_it_half_done(first):
    calls = []

    def close():
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(BaseException) as caught, closing("it", close):
        if first is not None:
            raise first
    assert len(calls) == 2
    assert caught.type is (KeyboardInterrupt if first is None else ValueError)


def test_the_first_error_is_no_note_on_itself():
    first = ValueError("first")
    with noting(first, "it"):
        raise first
    assert not hasattr(first, "__notes__")


def test_a_note_is_one_line():
    first = ValueError("first")
    with noting(first, "it"):
        raise OSError("a\n  b")
    assert first.__notes__ == ["then, it: OSError: a b"]
