"""`hpsearch figures` writes what stands in MLflow, and draws what it can of a sweep that has no pictures."""

from __future__ import annotations

import pytest
from sample_specs import tiny

from hpsearch import run
from hpsearch.errors import StoreError
from hpsearch.results.lookup import Lookup
from hpsearch.results.redraw import pictures_of, write_pictures

PNG = b"\x89PNG"


@pytest.fixture
def finished(home, addresses):
    run(tiny(), home=home, progress=False, in_process=True)
    lookup = Lookup(addresses)
    return lookup, lookup.sweep("tiny")


def test_the_pictures_of_the_run_come_as_they_are(finished):
    lookup, view = finished
    found = pictures_of(lookup, view)
    assert {"learning_curves", "search_space", "best_so_far", "confusion"} <= set(found)
    assert all(content.startswith(PNG) for content in found.values())


def test_without_stored_pictures_trials_and_curves_are_drawn(finished, monkeypatch):
    lookup, view = finished
    fetch = lookup.store.fetch

    def fetch_no_figures(run_id, artifact, into):
        if artifact == "figures":
            raise StoreError("no such artifact")
        return fetch(run_id, artifact, into)

    monkeypatch.setattr(lookup.store, "fetch", fetch_no_figures)
    from_trials = {"search_space", "best_so_far", "timeline", "parallel_coordinates"}
    assert set(pictures_of(lookup, view)) == {"learning_curves"} | from_trials


def test_files_are_named_after_their_pictures(tmp_path):
    written = write_pictures({"a": PNG, "b": PNG}, tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["a.png", "b.png"]
    assert written[0].read_bytes() == PNG


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"--output .*file: cannot be written"):
        write_pictures({"a": PNG}, tmp_path / "file")
