"""Silence for as long as it is asked for."""

from __future__ import annotations

import logging
import os
import warnings

import pytest

from hpsearch.console.quiet import silenced


def settings():
    levels = [logging.getLogger(name).level for name in ("ray", "mlflow", "optuna", "hpsearch")]
    return dict(os.environ), list(warnings.filters), levels


def test_after_the_block_warnings_loggers_and_environment_are_the_callers_again(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    before = settings()
    with pytest.raises(KeyError), silenced():
        assert os.environ["PYTHONWARNINGS"] == "ignore"  # which workers inherit
        os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")  # as the start of Ray does
        raise KeyError
    assert settings() == before


def test_nothing_is_heard_within_the_block_and_everything_after_it():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with silenced():
            warnings.warn("within", stacklevel=1)
        warnings.warn("after", stacklevel=1)
    assert [str(one.message) for one in heard] == ["after"]
