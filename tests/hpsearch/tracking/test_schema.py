"""The names that stand in people's databases: each is written once in the code, and none may change."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import hpsearch
from hpsearch.tracking import schema


def names(*classes):
    return {
        f"{one.__name__}.{name}": value
        for one in classes
        for name, value in vars(one).items()
        if not name.startswith("_")
    }


def test_no_stored_name_changes():
    """One that is added changes the digest: write the new one here once no other has changed."""
    stored = names(
        schema.Tag, schema.Kind, schema.SweepState, schema.Status, schema.Param, schema.Metric, schema.Artifact
    )
    digest = hashlib.sha256(repr(sorted(stored.items())).encode()).hexdigest()[:16]
    assert digest == "196fb5d3421d19a7"
    assert stored["Tag.KIND"] == "hpsearch.kind" and stored["Artifact.CURVES"] == "curves.parquet"


def test_no_name_stands_for_two_things():
    for one in (
        schema.Tag,
        schema.Kind,
        schema.SweepState,
        schema.Status,
        schema.Param,
        schema.Metric,
        schema.Artifact,
    ):
        values = list(names(one).values())
        assert len(set(values)) == len(values)


def test_what_finds_a_run():
    assert schema.sweep_tags("s") == {"hpsearch.kind": "sweep", "hpsearch.sweep": "s"}
    assert schema.trial_tags("s") == {"hpsearch.kind": "trial", "hpsearch.sweep": "s"}
    assert schema.trial_tags("s", 7) == {"hpsearch.kind": "trial", "hpsearch.sweep": "s", "hpsearch.trial": "7"}
    assert schema.number_of(schema.trial_marks(7)) == 7
    assert schema.confirm_marks(7, 2) == {
        "hpsearch.kind": "confirm",
        "hpsearch.of_trial": "7",
        "hpsearch.repeat": "2",
    }
    assert schema.refit_marks(7, "trial-0007")["hpsearch.of"] == "trial-0007"


def test_the_values_of_objectives_come_back():
    metrics = schema.value_metrics(0.5, {"loss": 0.1, "size": 3.0})
    assert metrics == {"value": 0.5, "value.loss": 0.1, "value.size": 3.0}
    assert schema.values_of({**metrics, "val_loss": 1.0}) == {"loss": 0.1, "size": 3.0}


def test_no_other_module_writes_a_tag_out():
    """But `launch.sweep_jobs`, which names what Ray keeps beside a job."""
    root = Path(hpsearch.__file__).parent
    tags = [value for name, value in names(schema.Tag).items() if value.startswith("hpsearch.")]
    literal = re.compile("|".join(f"[\"']{re.escape(tag)}[\"']" for tag in tags))
    writing = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if literal.search(path.read_text())}
    assert writing == {"tracking/schema.py", "launch/sweep_jobs.py"}
