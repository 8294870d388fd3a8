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

from hpsearch.metrics import Figures
from hpsearch.sweep.score import Score
from hpsearch.tracking.store import Store

NOTHING = "Nothing stands out."


def write_metrics(store: Store, run_id: str, score: Score, validation: Figures) -> None:
    """Write ``metrics.json`` with all figures, and for classes ``metrics.csv`` with one row a class and part."""
    classes = [dict(one) for one in score.classes]
    test = {name.removeprefix("test_"): value for name, value in {score.metric: score.value, **score.more}.items()}
    content: dict[str, Any] = {
        "test": {**test, "rows": score.rows, "classes": classes},
        "validation": validation.as_json(),
        "baseline": score.baseline and score.baseline.as_json(),
    }
    table = [{"part": part, **one} for part in ("test", "validation") for one in content[part]["classes"]]
    texts = {"metrics.json": json.dumps(content, indent=2) + "\n"}
    if table:
        texts["metrics.csv"] = pd.DataFrame(table).to_csv(index=False)
    _put(store, run_id, texts)


def write_diagnosis(store: Store, run_id: str, diagnosis: Sequence[str]) -> None:
    """Write ``diagnosis.md``."""
    _put(store, run_id, {"diagnosis.md": "# Diagnosis\n\n" + as_list(diagnosis) + "\n"})


def as_list(diagnosis: Sequence[str]) -> str:
    """Return the sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in diagnosis) or NOTHING


def _put(store: Store, run_id: str, texts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.items():
            path = Path(place, name)
            path.write_text(text, encoding="utf-8")
            store.put_file(run_id, path)
