"""What lies on the sweep's run to be read beside its pictures: the table of the metrics, and the diagnosis.

Written by `finish`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hpsearch.sweep.conclude.metrics import Figures
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.finalists.winner import Winner
from hpsearch.tracking.interface import Point, TrackingStore
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.schema import Artifact, Tag

NOTHING = "Nothing stands out."
TRAINING, REFITTED = "training rows", "training and validation rows (refit)"


def write_metrics(store: TrackingStore, run_id: str, score: Score, validation: Figures) -> None:
    """Write ``metrics.json`` with all figures, and for classes ``metrics.csv`` with one row a class and part."""
    classes = [dict(one) for one in score.classes]
    test = {name.removeprefix("test_"): value for name, value in {score.metric: score.value, **score.more}.items()}
    content: dict[str, Any] = {
        "test": {**test, "rows": score.rows, "classes": classes},
        "validation": validation.as_json(),
        "baseline": score.baseline and score.baseline.as_json(),
    }
    table = [{"part": part, **one} for part in ("test", "validation") for one in content[part]["classes"]]
    texts = {Artifact.METRICS: json.dumps(content, indent=2) + "\n"}
    if table:
        texts[Artifact.METRICS_TABLE] = pd.DataFrame(table).to_csv(index=False)
    _put(store, run_id, texts)


def write_winner(store: TrackingStore, run: SweepRun, winner: Winner) -> None:
    """Say on the sweep's run what the winner's model was trained on; after `confirm`, write the ranking."""
    tags = {Tag.TRAINED_ON: trained_on(winner)}
    points: list[Point] = []
    if winner.confirmed is not None:
        ranking = winner.confirmed.as_json()
        table = pd.DataFrame([candidate.as_row() for candidate in winner.confirmed.candidates])
        _put(
            store,
            run.run_id,
            {Artifact.CONFIRM: json.dumps(ranking, indent=2) + "\n", Artifact.CONFIRM_TABLE: table.to_csv(index=False)},
        )
        points = [(f"confirm_{name}", ranking[name], run.started_ms, 0) for name in ("mean", "spread", "low", "high")]
        figures = {name: value for name, value in ranking.items() if name != "candidates"}
        tags[Tag.CONFIRM] = json.dumps({**figures, "of": len(ranking["candidates"])})
    store.write(run.run_id, points, tags=tags)


def trained_on(winner: Winner) -> str:
    """Name the rows that the registered model was trained on."""
    return TRAINING if winner.refit_epochs is None else REFITTED


def write_diagnosis(store: TrackingStore, run_id: str, diagnosis: Sequence[str]) -> None:
    """Write ``diagnosis.md``."""
    _put(store, run_id, {Artifact.DIAGNOSIS: "# Diagnosis\n\n" + as_list(diagnosis) + "\n"})


def as_list(diagnosis: Sequence[str]) -> str:
    """Return the sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in diagnosis) or NOTHING


def _put(store: TrackingStore, run_id: str, texts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.items():
            path = Path(place, name)
            path.write_text(text, encoding="utf-8")
            store.put_file(run_id, path)
