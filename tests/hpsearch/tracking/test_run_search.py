"""Runs are asked for page after page: each once, the newest first, with work that grows with their number alone."""

from __future__ import annotations

import pytest

from hpsearch.tracking import open_store
from hpsearch.tracking.interface import RunView
from hpsearch.tracking.run_search import every_run, quoted, tag_filter


def view(number, started):
    return RunView(f"{number:05d}", "r", "FINISHED", {}, {}, {"a": "b"}, started, None, "")


class Pages:
    """Answers as MLflow does: sorted, from a moment on, by a count of rows; and counts the rows that it passes over."""

    def __init__(self, runs, size):
        self.runs, self.size, self.touched, self.asked = list(runs), size, 0, []

    def __call__(self, wanted, token):
        self.asked.append((wanted, token))
        bound = int(wanted.rpartition("<= ")[2]) if "<= " in wanted else 10**18
        runs = sorted((r for r in self.runs if r.started_ms <= bound), key=lambda r: (-r.started_ms, r.run_id))
        first = int(token or 0)
        last = first + self.size
        self.touched += min(last, len(runs))
        return runs[first:last], str(last) if last < len(runs) else None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    "started",
    [range(20), [5] * 20, [1, 1, 1, 2, 2, 9, 9, 9, 9, 9], [3, 1, 2] * 5, []],
    ids=["rising", "one", "", "x", "none"],
)
def test_every_run_comes_once_and_the_newest_first(size, started):
    runs = [view(number, moment) for number, moment in enumerate(started)]
    came = list(every_run(Pages(runs, size), {"a": "b"}))
    assert sorted(run.run_id for run in came) == [run.run_id for run in runs]
    assert [run.started_ms for run in came] == sorted(started, reverse=True)


def test_rows_that_are_passed_over_grow_with_the_runs_not_with_their_square():
    touched = {}
    for count in (1000, 4000):
        pages = Pages([view(number, number // 3) for number in range(count)], 100)
        assert len(list(every_run(pages, {}))) == count
        touched[count] = pages.touched
    assert touched[4000] < 4.5 * touched[1000]


def test_runs_that_begin_meanwhile_neither_shift_nor_repeat_the_others():
    pages = Pages([view(number, number) for number in range(10)], 3)
    came = []
    for run in every_run(pages, {}):
        came.append(run.run_id)
        pages.runs.append(view(100 + len(came), 1000 + len(came)))
    assert came == [f"{number:05d}" for number in reversed(range(10))]


def test_what_no_filter_can_say_is_looked_at_here():
    assert tag_filter({"a": "b", "c`d": "x", "e": 'it\'s "so"', "f": "back\\"}) == "tags.`a` = 'b'"
    assert quoted("it's") == '"it\'s"' and quoted("") is None
    runs = [view(1, 1), view(2, 2)]
    assert list(every_run(Pages(runs, 1), {"a": 'it\'s "so"'})) == []
    assert len(list(every_run(Pages(runs, 1), {"a": "b"}))) == 2


def test_a_database_is_asked_in_pages(home, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.client.database.PAGE", 2)
    store = open_store(f"sqlite:///{home / 'mlflow.db'}", home)
    for place in range(4):
        experiment = store.experiment(f"e{place}")
        for number in range(3):
            store.create_run(experiment, "r", {"n": "1"}, 1 if place < 2 else 10 * place + number)
    runs = list(store.find_runs({"n": "1"}))
    assert len({run.run_id for run in runs}) == len(runs) == 12
    assert [run.started_ms for run in runs] == [32, 31, 30, 22, 21, 20, *[1] * 6]


def test_a_server_is_asked_in_pages(open_server, sweep, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.server.store.PAGE", 2)
    store = open_store(open_server.url)
    experiment = store.experiment(sweep)
    for number in range(5):
        store.create_run(experiment, "r", {"of": sweep}, number // 2)
    assert [run.started_ms for run in store.find_runs({"of": sweep})] == [2, 1, 1, 0, 0]
