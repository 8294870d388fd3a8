"""Silence for as long as it is asked for, and no word of it in the environment."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings

import pytest

from hpsearch.console.quiet import silenced


def settings():
    levels = [logging.getLogger(name).level for name in ("ray", "mlflow", "alembic", "optuna", "hpsearch")]
    return list(warnings.filters), levels


def test_after_the_block_warnings_and_loggers_are_the_callers_again():
    before = settings()
    with pytest.raises(KeyError), silenced():
        assert settings() != before
        raise KeyError
    assert settings() == before


def test_the_environment_is_the_callers_within_the_block_too(monkeypatch):
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    before = dict(os.environ)
    with silenced():
        assert dict(os.environ) == before
    assert dict(os.environ) == before


def test_nothing_is_heard_within_the_block_and_everything_after_it():
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        with silenced():
            warnings.warn("within", stacklevel=1)
        warnings.warn("after", stacklevel=1)
    assert [str(record.message) for record in records] == ["after"]


def test_what_was_silenced_stays_silent_when_mlflow_is_imported_after_it(tmp_path):
    program = (
        "import logging\n"
        "from hpsearch.console.quiet import silence\n"
        "silence(verbose=False)\n"
        "import hpsearch.tracking.client.database\n"
        "logging.getLogger('mlflow.store.db.utils').error('HEARD')\n"
        "logging.getLogger('alembic.runtime').error('HEARD')\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "MLFLOW_LOGGING_LEVEL"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=plain, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout, done.stderr) == ("", "")
