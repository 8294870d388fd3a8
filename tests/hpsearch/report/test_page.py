"""The report: from MLflow alone, self-contained, every picture drawn, and no text of a user's is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

import pytest
from sample_specs import loaded

from hpsearch.cli import main
from hpsearch.errors import StoreError
from hpsearch.report.gather import gather
from hpsearch.report.page import page, write_page
from hpsearch.results.lookup import Lookup
from hpsearch.sweep.session import Session

HOSTILE = "<script>alert(1)</script>&\"'"  # a choice of the sweep
DRAWN = [
    "trial_curves",
    "best_so_far",
    "importance",
    "search_space",
    "contour",
    "parallel_coordinates",
    "timeline",
    "pruning",
    "learning_curves",
    "confusion",
]


@pytest.fixture(scope="session")
def written(source):
    return page(source)


def pictures(text):
    return re.findall(r'<figure id="picture-(\w+)">', text)


def test_every_section_and_picture_is_there(written):
    assert pictures(written) == DRAWN
    anchors = re.findall(r'<section id="(\w+)"', written)
    assert " ".join(anchors) == "winner diagnosis confirm curves search course model trials spec origin"
    assert re.findall(r'<a href="#(\w+)">', written) == anchors


def test_the_page_loads_nothing_from_anywhere(written):
    assert set(re.findall(r'src="([a-z]+:)', written)) == {"data:"}
    assert not re.search(r"<link|@import|url\(|https?://(?!www\.w3\.org)", written)
    assert "default-src 'none'" in written


def test_a_browser_draws_every_picture_without_one_error(written, browse, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(written, encoding="utf-8")
    document, console = browse(path)
    assert console == []
    assert f'data-pictures="{len(DRAWN)}/{len(DRAWN)}"' in document
    assert 'data-errors="0"' in document


def test_a_browser_reports_what_is_broken_on_a_page(written, browse, tmp_path):
    path = tmp_path / "broken.html"
    path.write_text(written.replace("image/svg+xml;base64,", "image/svg+xml;base64,AAAA", 1), encoding="utf-8")
    document, _ = browse(path)
    assert f'data-pictures="{len(DRAWN) - 1}/{len(DRAWN)}"' in document
    assert 'data-errors="0"' not in document


def test_texts_of_a_user_are_no_markup(written):
    assert HOSTILE not in written
    assert escape(HOSTILE) in written
    assert written.count("<script>") == 1


def test_the_confirmation_the_refit_and_the_exact_spec_are_shown(written, source):
    assert f"Trial {source.confirm['trial']} wins with mean " in written
    assert "test accuracy, refit" in written
    assert "training and validation rows (refit)" in written
    assert "learning_rate: {low: 0.0001, high: 1.0, log: true}" in written
    assert "version.numpy" in written
    assert source.run.tags["hpsearch.data_fingerprint"] in written


def test_the_winner_s_parameters_are_those_of_the_table(source):
    best = source.view.best.number
    row = source.trials[source.trials["number"] == best].iloc[0]
    assert row["params.x"] == source.view.best.params["x"]
    assert source.curves[0].number == best


def test_a_sweep_without_a_winner_has_a_report_too(addresses, no_pictures, browse, tmp_path):
    Session(addresses, in_process=True).run(loaded(trainer="sample_trainers:Raising", search__trials=2))
    written = page(gather(Lookup(addresses), "tiny"))
    assert "No trial is complete." in written
    path = tmp_path / "report.html"
    path.write_text(written, encoding="utf-8")
    document, console = browse(path)
    assert console == []
    assert 'data-errors="0"' in document


def test_many_trials_are_cut_off_and_counted(source):
    import pandas as pd

    many = pd.concat([source.trials] * 100, ignore_index=True)
    assert "The first 2000 of 2400 trials." in page(replace(source, trials=many, curves=(), stored={}))


def test_the_command_writes_the_file_or_says_why_not(swept, tmp_path, capsys, source):
    path = tmp_path / "report.html"
    with pytest.raises(SystemExit) as ended:
        main(["report", "tiny", "--output", str(path), "--home", str(swept.home)])
    assert ended.value.code == 0
    assert pictures(path.read_text(encoding="utf-8")) == DRAWN
    with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
        write_page(source, tmp_path / "no" / "report.html")
