"""What is written is cut into calls that a server takes: by count, by kind and by bytes; nothing is lost."""

from __future__ import annotations

import json

import pytest

from hpsearch.tracking.server.batches import MOST, MOST_BYTES, MOST_TOGETHER, batches


def of(count, size=1):
    return [{"key": f"k{i}", "value": "x" * size} for i in range(count)]


@pytest.mark.parametrize(
    ("metrics", "params", "tags"),
    [
        (of(0), of(0), of(0)),
        (of(2500), of(250), of(230)),
        (of(1), of(150), of(0)),
        (of(3), of(120, 6000), of(90, 8000)),
    ],
)
def test_every_call_keeps_the_limits_and_together_they_are_everything(metrics, params, tags):
    calls = list(batches(metrics, params, tags))
    for call in calls:
        assert 0 < sum(map(len, call.values())) <= MOST_TOGETHER
        assert all(len(listed) <= MOST[kind] for kind, listed in call.items())
        assert len(json.dumps(call)) <= MOST_BYTES + 1000
    for kind, listed in (("metrics", metrics), ("params", params), ("tags", tags)):
        assert [one for call in calls for one in call.get(kind, [])] == listed


def test_a_finished_trial_is_one_call():
    assert len(list(batches(of(200), of(8), of(9)))) == 1
