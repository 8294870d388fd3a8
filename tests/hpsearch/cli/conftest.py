"""Fixtures of the tests of `cli`: a job that is followed, and Ctrl-C meanwhile; answered by hand, without a cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from hpsearch.cli.follow import follow_sweep
from hpsearch.launch.follow import Follower

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # for job_stand_ins, which the tests import


@pytest.fixture
def followed(capsys):
    """Follow a job; return the exit code and what was printed where."""

    def followed(api, result=None, follow=follow_sweep):
        with click.Context(click.Command("launch")), pytest.raises(click.exceptions.Exit) as ended:
            follow(api, "hpsearch-tiny-1", "tiny", result is not None, result)
        output = capsys.readouterr()
        return ended.value.exit_code, output.out, output.err

    return followed


@pytest.fixture
def interrupted(monkeypatch):
    """Let the user press Ctrl-C while a job is followed."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Follower, "follow", interrupt)
