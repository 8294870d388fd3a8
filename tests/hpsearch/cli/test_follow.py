"""What who follows a job is told, and the code it ends with; answered by hand, no cluster is needed."""

from __future__ import annotations

import click
import pytest
from job_stand_ins import OneJob

from hpsearch.cli.follow import follow_sweep
from hpsearch.errors import StoreError, UnknownSweep


class Broken:
    """What cannot be looked up."""

    def __init__(self, error):
        self.error = error

    def sweep(self, _):
        raise self.error


def test_a_driver_that_fails_before_anything_is_recorded_keeps_its_code(followed):
    result = Broken(UnknownSweep("tiny: no such sweep in http://mlflow; there are: none"))
    code, out, err = followed(OneJob("FAILED", 3), result)
    assert (code, out) == (3, "")
    message = "hpsearch: tiny: its driver ended with exit code 3; nothing of it is in MLflow; read hpsearch logs tiny"
    assert err.splitlines() == ["a line", message]


def test_a_result_that_cannot_be_read_leaves_the_drivers_code(followed):
    code, out, err = followed(OneJob("FAILED", 1), Broken(StoreError("http://mlflow: unreachable")))
    assert (code, out) == (1, "") and "ended with exit code 1; no result can be read: http://mlflow: unreachable" in err


def test_a_result_that_is_missing_after_a_success_is_an_error():
    with click.Context(click.Command("launch")), pytest.raises(StoreError, match="unreachable"):
        follow_sweep(
            OneJob("SUCCEEDED", 0), "hpsearch-tiny-1", "tiny", True, Broken(StoreError("http://mlflow: unreachable"))
        )


def test_who_stops_following_is_told_that_the_sweep_keeps_running(followed, interrupted):
    farewell = "\ntiny: keeps running; watch it: hpsearch logs tiny -f; end it: hpsearch stop tiny\n"
    assert followed(OneJob()) == (130, farewell, "")
    assert followed(OneJob(), Broken(None)) == (130, "", farewell)  # stdout is the JSON object's alone
