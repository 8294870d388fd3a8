"""What stands in a report: the cards at its top, and its sections from the winner down to where its figures come from.

Made from what `gather` read, out of the `parts` that `page` renders.
"""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd

from hpsearch.report import pictures
from hpsearch.report.gather import Source
from hpsearch.report.parts import (
    Bullets,
    Card,
    Gallery,
    Listing,
    Pairs,
    Paragraph,
    Part,
    Section,
    Table,
    number,
    pairs,
    table,
    text,
)
from hpsearch.spec.yaml_source import write
from hpsearch.sweep.finalists.confirm import in_words

MOST_ROWS = 2000  # trials in the table
_RECORDED = ("processor", "data_fingerprint", "spec_fingerprint", "trainer_sha256", "digest", "test_looks")


def sections(source: Source) -> list[Section]:
    """Return the sections that have something to show, in their order on the page."""
    curves, missing = pictures.curves(source)
    every = [
        Section("winner", "Winner", "Winner", _winner(source)),
        Section("diagnosis", "Diagnosis", "Diagnosis", (Bullets(source.diagnosis or ("Nothing stands out.",)),)),
        Section("confirm", "Confirmation", "Confirmation", *_confirmation(source)),
        Section("curves", "Curves", "Curves of the best trials", _gallery(curves, missing, wide=True)),
        Section("search", "Search", "Search", _gallery(*pictures.drawn(source, pictures.SEARCH))),
        Section("course", "Course", "Course", _gallery(*pictures.drawn(source, pictures.COURSE))),
        Section("model", "Model", "The winner's model", _gallery(pictures.stored(source))),
        Section("trials", "Trials", "Trials", _trials(source)),
        Section("spec", "Spec", "Specification", (_spec(source),)),
        Section("origin", "Origin", "Origin", (_origin(source),)),
    ]
    return [section for section in every if section.parts]


def subtitle(source: Source) -> str:
    """Return the line below the sweep's name."""
    run, spec, view = source.run, source.spec, source.view
    begun = datetime.datetime.fromtimestamp(run.started_ms / 1000, datetime.UTC)
    data = spec.data.dataset or spec.data.path
    trainers = ", ".join(spec.trainers)
    return f"{view.state} · {trainers} on {data} · begun {begun:%Y-%m-%d %H:%M} UTC · seed {spec.search.seed}"


def cards(source: Source) -> list[Card]:
    """Return the figures at the top."""
    view, counts = source.view, source.view.counts
    row = _best_cards(source)
    if view.confirm is not None:
        spread = f"± {number(view.confirm['spread'])} over {view.confirm['seeds']} fresh seeds"
        row.append(Card("confirmed mean", number(view.confirm["mean"]), spread))
    if view.test:
        row.append(_test_card(source))
    baseline = source.metrics.get("baseline")
    if baseline and baseline.get("test") is not None:
        row.append(Card("baseline, test", number(baseline["test"]), str(baseline.get("name", "a linear model"))))
    more = f"{counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed"
    row.append(Card("trials", f"{counts.finished} of {view.budget}", more))
    if "total" in view.seconds:
        training = f"{view.seconds.get('training', 0.0):.1f} s of training"
        row.append(Card("time", f"{view.seconds['total']:.0f} s", training))
    return row


def _best_cards(source: Source) -> list[Card]:
    """Return the best value, or of several objectives each value of the trial at the knee, which is best in none."""
    best = source.view.best
    if best is None:
        return []
    if not source.view.front:
        return [Card(f"best {source.view.metric}", number(best.value), f"trial {best.number}")]
    more = f"trial {best.number}, knee of the front"
    return [Card(name.replace("_", " "), number(value), more) for name, value in best.values.items()]


def _test_card(source: Source) -> Card:
    test = source.view.test
    name = "test_accuracy" if "test_accuracy" in test else "test_r2"
    low, high = test.get(f"{name}_low"), test.get(f"{name}_high")
    more = f"95%: {low:.3f} to {high:.3f}, " if low is not None and high is not None else ""
    refit = ", refit" if source.view.refit else ""
    return Card(name.replace("_", " ") + refit, number(test.get(name)), f"{more}{test.get('test_rows', 0):.0f} rows")


def _gallery(images: list[pictures.Picture], missing: list[str] | None = None, wide: bool = False) -> tuple[Part, ...]:
    return (Gallery(tuple(images), tuple(missing or ()), wide),) if images or missing else ()


def _winner(source: Source) -> tuple[Part, ...]:
    view = source.view
    if view.best is None:
        return (Paragraph("No trial is complete."),)
    model = [("model", view.model), ("trained on", view.trained_on), ("run of the trial", view.best_run)]
    rows = [("trial", view.best.number), *view.best.params.items(), *((name, value) for name, value in model if value)]
    figures = [(name.removeprefix("test_").replace("_", " "), value) for name, value in view.test.items()]
    title = "test rows" + (", refitted model" if view.refit else "")
    return pairs(("parameters", rows), (title, figures)), *_pareto_front(source)


def _pareto_front(source: Source) -> tuple[Part, ...]:
    """Return the trials that no other beats, one a row; nothing where there is one objective."""
    front, best = source.view.front, source.view.best
    if not front or best is None:
        return ()
    objectives = {
        name: f"{name} ({'larger' if up else 'smaller'} is better)" for name, up in source.spec.search.maximizes.items()
    }
    params = dict.fromkeys(name for trial in front for name in trial.params)
    rows = [
        [trial.number, *(trial.values[name] for name in objectives), *(trial.params.get(name) for name in params)]
        for trial in front
    ]
    lead = f"The front: no trial beats one of these in every aim. Trial {best.number} is its knee."
    columns = ["trial", *objectives.values(), *params]
    return Paragraph(lead), table(columns, rows, sortable=True, anchor="front-table")


def _confirmation(source: Source) -> tuple[tuple[Part, ...], str]:
    if source.confirm is None:
        return (), ""
    candidates = source.confirm["candidates"]
    columns = [name for name in candidates[0] if not name.startswith("params.")]
    columns += [name for name in candidates[0] if name.startswith("params.")]
    titles = [name.removeprefix("params.").replace("_", " ") for name in columns]
    rows = [[row.get(name) for name in columns] for row in candidates]
    lead = f"Trial {source.confirm['trial']} wins with {in_words(source.confirm)}."
    return (table(titles, rows, anchor="confirm-table"),), lead


def _trials(source: Source) -> tuple[Part, ...]:
    frame = source.trials
    first = frame.head(MOST_ROWS).drop(columns=["started", "ended"])
    rows = [[_plain(value) for value in row] for row in first.itertuples(index=False)]
    titles = [str(name).removeprefix("params.") for name in first.columns]
    trials: Table = table(titles, rows, sortable=True, anchor="trials-table")
    if len(frame) <= MOST_ROWS:
        return (trials,)
    return Paragraph(f"The first {MOST_ROWS} of {len(frame)} trials."), trials


def _plain(value: Any) -> Any:
    """Return a table's cell as Python has it; None for what is missing."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _spec(source: Source) -> Listing:
    return Listing(write(source.spec.model_dump(mode="json", exclude_none=True)))


def _origin(source: Source) -> Pairs:
    tags = source.run.tags
    kept = {name: value for name, value in sorted(tags.items()) if name.startswith("version.")}
    kept |= {name: tags[f"hpsearch.{name}"] for name in _RECORDED if f"hpsearch.{name}" in tags}
    kept["run"] = source.view.run_id
    return pairs(("recorded with", [(name.replace("_", " "), text(value)) for name, value in kept.items()]))
