"""A trial again from its record: equal to the bit, or the difference and why."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.cli import main
from hpsearch.errors import DataError, UnknownSweep
from hpsearch.results.rerun import compare, rerun
from hpsearch.sweep import provenance
from hpsearch.sweep.session import Session
from hpsearch.trial import Curve

pytestmark = pytest.mark.usefixtures("no_pictures")


def swept(addresses, **changes):
    Session(addresses, in_process=True).run(loaded(**changes))


def curve(*rows, names=("a", "b")):
    return Curve(names, np.array(rows, dtype=float).reshape(len(rows), len(names)))


def test_every_trial_comes_out_equal_to_the_bit_also_pruned_and_failed_ones(addresses):
    swept(
        addresses,
        trainer="sample_trainers:Mixed",
        search__trials=10,
        search__pruner={"name": "median", "n_startup_trials": 3, "interval_steps": 1},
    )
    found = [rerun(addresses, "tiny", number) for number in range(10)]
    assert [one.equal for one in found] == [True] * 10
    assert len({one.epochs for one in found}) > 1


def test_a_network_and_parameters_of_every_kind_come_out_equal(addresses):
    space = {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}, "hidden": {"choices": [[4], [3, 3]]}}
    changes = {"trainer": "mlp", "space": space, "settings": {"epochs": 3}, "search__trials": 3}
    swept(addresses, **changes, search__sampler="tpe")
    assert all(rerun(addresses, "tiny", number).equal for number in range(3))


def test_another_curve_is_shown_with_its_first_and_its_largest_difference(addresses, monkeypatch):
    swept(addresses, trainer="sample_trainers:Seeded", search__trials=2)
    import sample_trainers

    true = sample_trainers.metrics
    monkeypatch.setattr(
        sample_trainers, "metrics", lambda x, epoch: {**true(x, epoch), "val_loss": true(x, epoch)["val_loss"] * epoch}
    )
    found = rerun(addresses, "tiny", 1)
    assert not found.equal
    assert (found.first.epoch, found.first.metric) == (2, "val_loss")
    assert (found.largest.epoch, found.largest.metric) == (5, "val_loss")
    assert found.largest.now == pytest.approx(5 * found.largest.recorded)
    assert "something in besides its seed" in found.reasons[0]


def test_other_versions_and_another_processor_are_named_as_reasons(addresses, monkeypatch):
    swept(addresses, trainer="sample_trainers:Seeded", search__trials=1)
    monkeypatch.setattr(provenance, "processor", lambda: "an abacus")
    monkeypatch.setattr(provenance, "version", lambda package: "0.0.1")
    monkeypatch.setattr("sample_trainers.metrics", lambda x, epoch: {"train_loss": 0.0, "val_loss": 0.0})
    reasons = "; ".join(rerun(addresses, "tiny", 0).reasons)
    assert "other processor: an abacus, recorded with " in reasons
    assert "other version of numpy: 0.0.1, recorded with " in reasons
    assert "mlflow" not in reasons


def test_a_trainer_that_fails_now_says_so(addresses, monkeypatch):
    swept(addresses, search__trials=1)

    def broken(x, epoch):
        if epoch > 2:
            raise RuntimeError("out of order")
        return {"train_loss": 1.0, "val_loss": 1.0, "val_accuracy": 1.0}

    monkeypatch.setattr("sample_trainers.metrics", broken)
    found = rerun(addresses, "tiny", 0)
    assert not found.equal
    assert found.reasons[0] == "RuntimeError: out of order"


def test_other_data_and_unknown_trials_are_refused(addresses, tmp_path, monkeypatch):
    rows = "\n".join(f"{i},{i * i % 7},{'ab'[i % 2]}" for i in range(40))
    (tmp_path / "rows.csv").write_text(f"x,y,label\n{rows}\n")
    monkeypatch.chdir(tmp_path)
    swept(addresses, data={"path": "rows.csv", "label": "label"}, search__trials=1)
    assert rerun(addresses, "tiny", 0).equal
    with pytest.raises(UnknownSweep, match="tiny: no such trial: 5; there are: 0 to 0"):
        rerun(addresses, "tiny", 5)
    (tmp_path / "rows.csv").write_text(f"x,y,label\n{rows}\n3,3,a\n")
    with pytest.raises(DataError, match="must be the rows the sweep was begun with"):
        rerun(addresses, "tiny", 0)


def test_the_command_exits_0_for_equal_and_1_for_different(addresses, monkeypatch, capsys):
    swept(addresses, search__trials=1)
    command = ["rerun", "tiny", "0", "--home", str(addresses.home)]
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 0
    assert "tiny: trial 0: equal bit for bit, 5 epochs" in capsys.readouterr().out
    true = sys.modules["sample_trainers"].metrics
    monkeypatch.setattr("sample_trainers.metrics", lambda x, epoch: {**true(x, epoch), "val_loss": 0.0})
    with pytest.raises(SystemExit) as ended:
        main([*command, "--json"])
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["equal"], told["first"]["epoch"], told["first"]["metric"]) == (False, 1, "val_loss")
    with pytest.raises(SystemExit):
        main(command)
    assert "apart by" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "first", "largest"),
    [
        ([[1, 2]], [[1, 2]], None, None),
        ([[0.0, 2]], [[-0.0, 2]], (1, "a", 0.0, -0.0), (1, "a", 0.0, -0.0)),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4.5]], (2, "b", 4, 4.5), (2, "b", 4, 4.5)),
        ([[1, 2], [3, 4]], [[1, 2.1], [5, 4]], (1, "b", 2, 2.1), (2, "a", 3, 5)),
        ([[1, 2], [3, 4]], [[1, 2]], (2, "a", 3, None), (2, "a", 3, None)),
    ],
)
def test_curves_are_compared_by_their_bits(before, after, first, largest):
    found = compare(curve(*before), curve(*after))
    told = [one and (one.epoch, one.metric, one.recorded, one.now) for one in found]
    assert told == [first, largest]


def test_a_metric_that_is_new_or_gone_is_a_difference():
    first, _ = compare(curve([1, 2]), curve([1, 2], names=("a", "c")))
    assert (first.metric, first.recorded, first.now) == ("b", 2, None)
