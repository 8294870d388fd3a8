"""The summary of a sweep, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpsearch.config.addresses import Addresses
from hpsearch.console.summary import print_summary
from hpsearch.sweep.conclude.baseline import Baseline
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.trial import Counts, State, TrialRecord

BEST = TrialRecord(3, State.COMPLETE, 0.875, {"x": 0.25}, 5, "", 0, 1)
SCORE = Score(
    3, "", "test_accuracy", 0.9, 50, 0.8, 0.95, more={"test_f1_macro": 0.5}, baseline=Baseline("a line", "r2", 0.1, 0.2)
)
SUMMARY = Summary(
    sweep="tiny",
    metric="val_accuracy",
    counts=Counts(4, 1, 0),
    best=BEST,
    score=SCORE,
    model_uri="models:/tiny@champion",
    tracking_uri="",
    run_id="r",
    seconds={"total": 3.0, "training": 2.0, "bookkeeping": 0.5, "waiting": 0.5},
    diagnosis=("all is well",),
    ended="search.trials=5",
)


@pytest.fixture
def printed(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    addresses = replace(Addresses.find(), tracking="sqlite:///mlflow.db", storage="sqlite:///study.db")

    def printed(summary, **changes):
        print_summary(replace(summary, **changes), addresses)
        return capsys.readouterr().out

    return printed


def test_a_finished_sweep_says_its_facts_in_order_and_what_leads_on(printed):
    assert printed(SUMMARY).splitlines() == [
        "",
        "tiny",
        "  trials      4 complete, 1 pruned, 0 failed",
        "  best trial  3, val_accuracy 0.8750",
        "  parameters  x=0.25",
        "  test        accuracy 0.9000, 95% interval 0.8000 to 0.9500 (Wilson), 50 rows",
        "              F1 0.5",
        "  baseline    a line: validation r2 0.1000, test r2 0.2000; the winner is 0.7000 better",
        "  time        3.0 s in all; training 2.0 s, bookkeeping 0.5 s, waiting 0.5 s",
        "  diagnosis   all is well",
        "",
        "look at it:           hpsearch ui",
        "fetch the best model: hpsearch best tiny --download model/",
    ]


def test_an_interrupted_sweep_says_so_and_how_to_go_on(printed):
    lines = printed(SUMMARY, interrupted=True, score=None, ended="search.seconds=3 was reached").splitlines()
    assert lines[1] == "tiny (interrupted)" and lines[-1] == "go on with it:        hpsearch resume tiny"
    assert "  ended       search.seconds=3 was reached" in lines and not [line for line in lines if "test" in line]


def test_a_sweep_without_a_winner_has_no_line_of_one(printed):
    text = printed(SUMMARY, best=None, score=None, counts=Counts(), diagnosis=())
    assert "best trial" not in text and "parameters" not in text and "diagnosis" not in text
