"""Writes the page: one file, with its pictures, its look and its script inside, and leave to load nothing else."""

from __future__ import annotations

import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from hpsearch.errors import StoreError
from hpsearch.report import pictures
from hpsearch.report.gather import Source
from hpsearch.report.words import bullets, card, gallery, number, pairs, section, table, text
from hpsearch.sweep.finalists.confirm import in_words

MOST_ROWS = 2000  # trials in the table
# Nothing may be fetched: what the page shows is in it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def write_page(source: Source, path: Path) -> None:
    """Write the report to `path`.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    try:
        path.write_text(page(source), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"--output {path}: cannot be written: {error.strerror or error}") from None


def page(source: Source) -> str:
    """Return the report as HTML."""
    parts = [
        section("winner", "Winner", _winner(source)),
        section("diagnosis", "Diagnosis", bullets(source.diagnosis or ("Nothing stands out.",))),
        section("confirm", "Confirmation", *_confirmation(source)),
        section("curves", "Curves of the best trials", gallery(pictures.curves(source), wide=True)),
        section("search", "Search", gallery(pictures.drawn(source, pictures.SEARCH))),
        section("course", "Course", gallery(pictures.drawn(source, pictures.COURSE))),
        section("model", "The winner's model", gallery(pictures.stored(source))),
        section("trials", "Trials", _trials(source)),
        section("spec", "Specification", _spec(source)),
        section("origin", "Origin", _origin(source)),
    ]
    names = ("Winner", "Diagnosis", "Confirmation", "Curves", "Search", "Course", "Model", "Trials", "Spec", "Origin")
    links = "".join(
        f'<a href="#{part.split(chr(34))[1]}">{name}</a>' for part, name in zip(parts, names, strict=True) if part
    )
    name = escape(source.view.name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name} · hpsearch</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_file('page.css')}</style></head><body>"
        f"<header><h1>{name}</h1><p>{escape(_subtitle(source))}</p><nav>{links}</nav></header>"
        f'<main><div class="cards">{_cards(source)}</div>{"".join(parts)}</main>'
        f'<dialog><img alt=""></dialog><script>{_file("page.js")}</script></body></html>\n'
    )


def _file(name: str) -> str:
    return files("hpsearch.report").joinpath(name).read_text(encoding="utf-8")


def _subtitle(source: Source) -> str:
    run, spec, view = source.run, source.spec, source.view
    begun = datetime.datetime.fromtimestamp(run.started_ms / 1000, datetime.UTC)
    data = spec.data.dataset or spec.data.path
    trainers = ", ".join(spec.trainers)
    return f"{view.state} · {trainers} on {data} · begun {begun:%Y-%m-%d %H:%M} UTC · seed {spec.search.seed}"


def _cards(source: Source) -> str:
    view, counts = source.view, source.view.counts
    cards = []
    cards += _best_cards(source)
    if view.confirm is not None:
        spread = f"± {number(view.confirm['spread'])} over {view.confirm['seeds']} fresh seeds"
        cards.append(card("confirmed mean", number(view.confirm["mean"]), spread))
    if view.test:
        cards.append(_test_card(source))
    baseline = source.metrics.get("baseline")
    if baseline and baseline.get("test") is not None:
        cards.append(card("baseline, test", number(baseline["test"]), str(baseline.get("name", "a linear model"))))
    more = f"{counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed"
    cards.append(card("trials", f"{counts.finished} of {view.budget}", more))
    if "total" in view.seconds:
        training = f"{view.seconds.get('training', 0.0):.1f} s of training"
        cards.append(card("time", f"{view.seconds['total']:.0f} s", training))
    return "".join(cards)


def _best_cards(source: Source) -> list[str]:
    """Return the best value, or of several aims each value of the trial that was chosen, which is best in none."""
    best = source.view.best
    if best is None:
        return []
    if not source.view.front:
        return [card(f"best {source.view.metric}", number(best.value), f"trial {best.number}")]
    told = f"trial {best.number}, knee of the front"
    return [card(name.replace("_", " "), number(value), told) for name, value in best.values.items()]


def _test_card(source: Source) -> str:
    test = source.view.test
    name = "test_accuracy" if "test_accuracy" in test else "test_r2"
    low, high = test.get(f"{name}_low"), test.get(f"{name}_high")
    more = f"95%: {low:.3f} to {high:.3f}, " if low is not None and high is not None else ""
    refit = ", refit" if source.view.refit else ""
    return card(name.replace("_", " ") + refit, number(test.get(name)), f"{more}{test.get('test_rows', 0):.0f} rows")


def _winner(source: Source) -> str:
    view = source.view
    if view.best is None:
        return "<p>No trial is complete.</p>"
    model = [("model", view.model), ("trained on", view.trained_on), ("run of the trial", view.best_run)]
    rows = [("trial", view.best.number), *view.best.params.items(), *((name, value) for name, value in model if value)]
    figures = [(name.removeprefix("test_").replace("_", " "), value) for name, value in view.test.items()]
    shown = pairs(("parameters", rows), ("test rows" + (", refitted model" if view.refit else ""), figures))
    return shown + _front(source)


def _front(source: Source) -> str:
    """Return the front of several aims, one trial a row; nothing where there is one aim."""
    front, best = source.view.front, source.view.best
    if not front or best is None:
        return ""
    aims = {
        name: f"{name} ({'larger' if up else 'smaller'} is better)" for name, up in source.spec.search.maximizes.items()
    }
    params = dict.fromkeys(name for trial in front for name in trial.params)
    rows = [
        [trial.number, *(trial.values[name] for name in aims), *(trial.params.get(name) for name in params)]
        for trial in front
    ]
    lead = f"<p>The front: no trial beats one of these in every aim. Trial {best.number} is its knee.</p>"
    return lead + table(["trial", *aims.values(), *params], rows, sortable=True, anchor="front-table")


def _confirmation(source: Source) -> tuple[str, str]:
    if source.confirm is None:
        return "", ""
    shown = source.confirm["candidates"]
    columns = [name for name in shown[0] if not name.startswith("params.")]
    columns += [name for name in shown[0] if name.startswith("params.")]
    titles = [name.removeprefix("params.").replace("_", " ") for name in columns]
    rows = [[row.get(name) for name in columns] for row in shown]
    lead = f"Trial {source.confirm['trial']} wins with {in_words(source.confirm)}."
    return table(titles, rows, anchor="confirm-table"), lead


def _trials(source: Source) -> str:
    frame = source.trials
    shown = frame.head(MOST_ROWS).drop(columns=["started", "ended"])
    rows = [[_plain(value) for value in row] for row in shown.itertuples(index=False)]
    left = f"<p>The first {MOST_ROWS} of {len(frame)} trials.</p>" if len(frame) > MOST_ROWS else ""
    titles = [str(name).removeprefix("params.") for name in shown.columns]
    return left + table(titles, rows, sortable=True, anchor="trials-table")


def _plain(value: Any) -> Any:
    """Return a table's cell as Python has it; None for what is missing."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _spec(source: Source) -> str:
    content = source.spec.model_dump(mode="json", exclude_none=True)
    written = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)
    return f"<pre>{escape(written)}</pre>"


def _origin(source: Source) -> str:
    tags = source.run.tags
    kept = {name: value for name, value in sorted(tags.items()) if name.startswith("version.")}
    wanted = ("processor", "data_fingerprint", "spec_fingerprint", "trainer_sha256", "digest", "test_looks")
    kept |= {name: tags[f"hpsearch.{name}"] for name in wanted if f"hpsearch.{name}" in tags}
    kept["run"] = source.view.run_id
    return pairs(("recorded with", [(name.replace("_", " "), text(value)) for name, value in kept.items()]))
