"""The report: from MLflow alone, self-contained, every picture drawn, and no text of a user's is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from sample_specs import loaded

from hpsearch.cli import main
from hpsearch.errors import StoreError
from hpsearch.figures import style
from hpsearch.figures.registry import PICTURES
from hpsearch.report import pictures as report_pictures
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


def test_every_value_that_is_put_into_a_template_is_escaped():
    templates = sorted(files("hpsearch.report").joinpath("templates").iterdir(), key=lambda path: path.name)
    assert [path.name for path in templates if "safe" in re.sub(r"unsafe-inline", "", path.read_text())] == []
    assert "page.html.jinja" in {path.name for path in templates}


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
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;&#39;" in written
    assert written.count("<script>") == 1


@pytest.mark.parametrize(
    "payload", ["</script><img src=x>", "\"><b id='x'>", "'\" onload=x", "{{ 7 * 7 }}", "{% raw %}"]
)
def test_no_place_of_the_page_lets_markup_out(source, payload, written, monkeypatch):
    monkeypatch.setattr(report_pictures, "drawn", lambda *_: ([], [payload]))  # drawing takes seconds
    spec = source.spec.model_copy(
        update={
            "name": payload,
            "settings": {payload: payload},
            "data": source.spec.data.model_copy(update={"dataset": payload}),
        }
    )
    best = replace(source.view.best, params={payload: payload})
    view = replace(
        source.view, name=payload, best=best, model=payload, trained_on=payload, metric=payload, test={payload: 0.5}
    )
    run = replace(source.run, tags=source.run.tags | {f"version.{payload}": payload, "hpsearch.processor": payload})
    confirm = source.confirm | {"candidates": [{payload: payload, f"params.{payload}": payload}]}
    trials = source.trials.assign(reason=payload, **{f"params.{payload}": payload})
    metrics = {"baseline": {"test": 0.5, "name": payload}}
    altered = replace(
        source,
        spec=spec,
        view=view,
        run=run,
        confirm=confirm,
        trials=trials,
        metrics=metrics,
        diagnosis=(payload,),
        curves=(),
    )
    text = page(altered)
    assert elements(text) <= elements(written)
    assert text_of(text).count(payload) > 40


class Elements(HTMLParser):
    """Every element with its attributes' names, and the text between them."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.words = set(), []

    def handle_starttag(self, tag, attributes):
        self.elements.add((tag, *(name for name, _ in attributes)))

    def handle_data(self, data):
        self.words.append(data)


def elements(text):
    parser = Elements()
    parser.feed(text)
    return parser.elements


def text_of(text):
    parser = Elements()
    parser.feed(text)
    return "".join(parser.words)


def test_a_picture_that_fails_costs_itself_and_is_named(source, written, monkeypatch):
    def fail(_):
        raise ValueError("no <room>")

    broken = ("contour", "trial_curves", "timeline")
    for name in broken:
        monkeypatch.setitem(PICTURES, name, fail)
    text = page(source)
    assert pictures(text) == [name for name in DRAWN if name not in broken]
    for name in broken:
        assert f"The picture {name} could not be drawn: ValueError: no &lt;room&gt;" in text
    assert '<section id="curves">' in text and "could not be drawn" not in written


def test_a_picture_that_cannot_be_written_as_svg_costs_itself(source, monkeypatch):
    monkeypatch.setattr(style, "svg", lambda figure: 1 / 0)
    text = page(source)
    assert pictures(text) == ["learning_curves", "confusion"]
    assert text.count("could not be drawn: ZeroDivisionError") == 8


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


def test_many_trials_are_cut_off_and_counted(source, monkeypatch):
    import pandas as pd

    monkeypatch.setattr(report_pictures, "drawn", lambda *_: ([], []))
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
