from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hpsearch.errors import StoreError, UserError
from hpsearch.sweep.conclude.trials_table import trials_table, write_table
from hpsearch.trial import State, TrialRecord

PARAMS = {"learning_rate": 0.01, "layers": 2, "hidden": [50, 50], "activation": "relu", "nesterov": True}
FIRST = TrialRecord(0, State.COMPLETE, 0.9, PARAMS, 450, "", 1_700_000_000_000, 1_700_000_001_500, 500)
SECOND = TrialRecord(1, State.FAILED, None, PARAMS, 3, "diverged: train_loss is nan", 1_700_000_002_000, None)


def test_columns_and_their_types():
    frame = trials_table([FIRST, SECOND])
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "number": "int64",
        "state": "string",
        "value": "float64",
        "params.learning_rate": "float64",
        "params.layers": "int64",
        "params.hidden": "string",
        "params.activation": "string",
        "params.nesterov": "boolean",
        "epoch": "Int64",
        "epochs": "Int64",
        "seconds": "float64",
        "started": "datetime64[ms, UTC]",
        "ended": "datetime64[ms, UTC]",
        "worker": "string",
        "reason": "string",
    }


def test_values_of_a_complete_and_a_failed_trial():
    first, second = trials_table([SECOND, FIRST]).to_dict("records")
    assert (first["number"], first["state"], first["value"], first["params.hidden"]) == (0, "complete", 0.9, "[50, 50]")
    assert (first["epoch"], first["epochs"], first["seconds"]) == (450, 500, 1.5)
    assert first["started"] == pd.Timestamp(1_700_000_000, unit="s", tz="UTC")
    assert np.isnan(second["value"]) and np.isnan(second["seconds"]) and pd.isna(second["ended"])
    assert pd.isna(second["epochs"])
    assert second["reason"] == "diverged: train_loss is nan"


def test_trials_that_have_not_ended_say_so():
    running, waiting = replace(SECOND, state=None), replace(SECOND, number=2, state=None, started_ms=None)
    assert trials_table([running, waiting])["state"].tolist() == ["running", "waiting"]


def test_no_trials_give_an_empty_table_with_the_same_columns():
    empty, full = (
        trials_table([], parameters=["learning_rate"]),
        trials_table([replace(FIRST, params={"learning_rate": 0.1})]),
    )
    assert list(empty.columns) == list(full.columns)
    assert [str(t) for t in empty.dtypes] == [str(t) for t in full.dtypes]
    assert len(empty) == 0


def test_a_parameter_that_some_trials_lack_is_empty_there():
    frame = trials_table([replace(FIRST, params={"a": 1}), replace(SECOND, params={"b": "x"})])
    assert frame["params.a"].tolist()[0] == 1 and np.isnan(frame["params.a"].tolist()[1])
    assert frame["params.b"].isna().tolist() == [True, False]


def test_mixed_choices_become_text():
    frame = trials_table([replace(FIRST, params={"a": 0.5}), replace(SECOND, params={"a": "auto"})])
    assert frame["params.a"].tolist() == ["0.5", "auto"]


def test_a_whole_number_too_large_for_64_bits_is_no_error():
    assert trials_table([replace(FIRST, params={"a": 2**70})])["params.a"].tolist() == [float(2**70)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".CSV"])
def test_a_written_table_reads_back(tmp_path, suffix):
    frame = trials_table([FIRST, SECOND])
    path = write_table(frame, tmp_path / f"trials{suffix}")
    if suffix == ".parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(path), frame, check_dtype=False)
    else:
        back = pd.read_csv(path)
        assert back["params.hidden"].tolist() == ["[50, 50]"] * 2
        assert back["value"].tolist()[0] == 0.9
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_form_may_be_named_where_the_suffix_does_not(tmp_path):
    assert len(pd.read_csv(write_table(trials_table([FIRST]), tmp_path / "trials.txt", "csv"))) == 1


def test_an_unknown_suffix_is_refused_with_the_ones_there_are(tmp_path):
    with pytest.raises(UserError, match=r"must end in \.csv or \.parquet, got '\.xlsx'"):
        write_table(trials_table([FIRST]), tmp_path / "trials.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no/such/folder.csv", "folder.csv", "file/trials.parquet"])
def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="the table cannot be written"):
        write_table(trials_table([FIRST]), tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder.csv"]
