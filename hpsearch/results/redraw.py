"""Fetches the pictures of a sweep from MLflow, or draws what can be drawn of one that is not finished.

Behind `hpsearch figures`; needs no access to the study or the data.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hpsearch.errors import HpsearchError, StoreError
from hpsearch.figures import FigureInputs, draw
from hpsearch.results.lookup import Lookup, SweepView
from hpsearch.spec import SweepSpec
from hpsearch.sweep.conclude.trials_table import trials_table
from hpsearch.tracking.schema import Artifact
from hpsearch.tracking.spool import read_curve
from hpsearch.trial import Curve


def pictures_of(lookup: Lookup, view: SweepView) -> dict[str, bytes]:
    """Return PNG bytes by name: the pictures that stand on the sweep's run, else those its records suffice for.

    Raises
    ------
    StoreError
        If MLflow cannot be read.
    """
    with tempfile.TemporaryDirectory() as place:
        try:
            folder = lookup.store.fetch(view.run_id, Artifact.FIGURES, Path(place))
            stored = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}
        except StoreError:
            stored = {}  # not finished, or finished without a winner
    return stored or draw(_figure_inputs(lookup, view)).pictures


def write_pictures(pictures: dict[str, bytes], folder: Path) -> list[Path]:
    """Write one PNG file a picture; return their paths.

    Raises
    ------
    StoreError
        If the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in pictures.items():
            (folder / f"{name}.png").write_bytes(content)
    except OSError as error:
        raise StoreError(f"--output {folder}: cannot be written: {error.strerror or error}") from None
    return [folder / f"{name}.png" for name in pictures]


def _figure_inputs(lookup: Lookup, view: SweepView) -> FigureInputs:
    best = view.best
    with tempfile.TemporaryDirectory() as place:
        spec = _spec(lookup, view, Path(place))
        curve = _curve(lookup, view, Path(place))
    return FigureInputs(
        name=view.name,
        metric=view.metric,
        maximize=spec.search.maximize,
        space=spec.space,
        trials=trials_table(lookup.trials(view.name)),
        best=best.number if best else None,
        params={**spec.settings, **(best.params if best else {})},
        curve=curve,
        epoch=best.epoch if best else None,
        aims=spec.search.maximizes,
        front=[trial.number for trial in view.front],
    )


def _spec(lookup: Lookup, view: SweepView, place: Path) -> SweepSpec:
    content: dict[str, Any] = json.loads(lookup.store.fetch(view.run_id, Artifact.SPEC, place).read_text("utf-8"))
    return SweepSpec.model_validate(content)


def _curve(lookup: Lookup, view: SweepView, place: Path) -> Curve | None:
    if view.best_run is None:
        return None
    try:
        return read_curve(lookup.store.fetch(view.best_run, Artifact.CURVES, place))
    except HpsearchError:
        return None
