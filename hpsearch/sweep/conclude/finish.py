"""The last step of a sweep: score the winner and the baseline, register the model, diagnose, write tables and pictures.

Every part may run again after a crash and then finds what it did before. Runs in the driver when no trial is left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import held_out
from hpsearch.diagnosis import diagnose
from hpsearch.errors import HpsearchError
from hpsearch.figures import draw
from hpsearch.model.bundle import load
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.study.importance import importances
from hpsearch.study.study import Study
from hpsearch.sweep.conclude.artifacts import trained_on, write_diagnosis, write_metrics, write_winner
from hpsearch.sweep.conclude.baseline import FittedBaseline, fit_baseline
from hpsearch.sweep.conclude.best_curves import best_curves
from hpsearch.sweep.conclude.evidence import evidence
from hpsearch.sweep.conclude.figure_inputs import figure_inputs
from hpsearch.sweep.conclude.gallery import gallery
from hpsearch.sweep.conclude.metrics import Figures
from hpsearch.sweep.conclude.score import Score, score, validation_figures
from hpsearch.sweep.conclude.trials_table import trials_table, write_table
from hpsearch.sweep.finalists.finalists import Finalists, Winner
from hpsearch.sweep.finalists.refit import refit_prepared
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.spool import read_curve
from hpsearch.tracking.store import ModelFiles, Store
from hpsearch.trial import Curve, TrialRecord


@dataclass(frozen=True)
class Conclusion:
    """What the last step found; score and model's address are None where no trial completed."""

    score: Score | None = None
    model_uri: str | None = None
    diagnosis: tuple[str, ...] = ()
    winner: Winner | None = None


class Finish:
    """Brings a searched sweep to its end."""

    def __init__(
        self, ready: PreparedSweep, study: Study, store: Store, run: SweepRun, models: Models, afterwards: Finalists
    ) -> None:
        self._ready, self._study, self._store, self._run, self._models = ready, study, store, run, models
        self._finalists = afterwards

    def conclude(self, note: Callable[[str], None], pictures: bool = True) -> Conclusion:
        """Score, register, diagnose and draw; without a completed trial there is only the diagnosis."""
        self._write_tables()
        winner = None if self._finalists.pending else self._finalists.winner()
        if winner is None:  # as long as the winner is not settled, nobody looks at the test rows
            best = self._study.best()
            return Conclusion(diagnosis=self._diagnosed(best, self._curve_of(best), None))
        best = winner.trial
        predictor = Predictor.from_bundle(winner.bundle)
        rows = held_out(self._ready.spec.data, self._ready.folder, self._ready.data.fingerprint)
        result, predicted = self._scored(best, winner.digest, predictor, rows, note)
        validation = validation_figures(Predictor.from_bundle(winner.validated), self._ready.data)
        self._write_score(winner, result, validation)
        write_winner(self._store, self._run, winner)
        uri = self._register(winner)
        curve = self._curve_of(best, winner.tuned.marks)
        conclusion = Conclusion(result, uri, self._diagnosed(best, curve, result), winner)
        if not pictures:
            return conclusion
        shown = gallery(self._ready, self._models, self._study.trials())
        front = self._study.front()
        sources = figure_inputs(self._ready, self._trials(), best, curve, predictor, rows, predicted, shown, front)
        rendered = draw(replace(sources, **self._of_the_search(best)))
        self._write_files(rendered.pictures)
        for name, error in rendered.failed.items():
            note(f"picture {name} could not be drawn: {error}")
        return conclusion

    def _of_the_search(self, best: TrialRecord) -> dict[str, Any]:
        """Return what pictures of the search need beside its table."""
        search, trials = self._ready.spec.search, self._study.trials()
        maximize, metric = search.maximize, search.metric or ""
        curves = best_curves(self._store, trials, self._run_of, metric, best.number, maximize=maximize)
        return {"importance": importances(self._ready.spec.space, trials, maximize), "curves": curves}

    def _run_of(self, number: int) -> str | None:
        return self._run_with({"hpsearch.kind": "trial", "hpsearch.trial": str(number)})

    def _scored(
        self, best: TrialRecord, digest: str, predictor: Predictor, rows: Rows, note: Callable[[str], None]
    ) -> tuple[Score, NDArray[Any]]:
        """Return the recorded score if it is this winner's, else look at the test rows and record it."""
        stored = self._study.attributes.get("score")
        before = Score.from_json(stored) if stored else None
        looks, baseline = (before.looks, before.baseline) if before else (0, None)
        fitted = self._baseline(note) if baseline is None else None  # its rows are the same for every winner
        result, predicted = score(best.number, digest, predictor, rows, looks, fitted)
        result = replace(result, baseline=baseline or result.baseline)
        if before is not None and before.digest == result.digest and before.value == result.value:
            result = replace(result, looks=before.looks)  # the same model is no further look, though another trial's
            if before.number == result.number:
                return result, predicted
        self._study.remember("score", result.as_json())
        return result, predicted

    def _baseline(self, note: Callable[[str], None]) -> FittedBaseline | None:
        """Fit the baseline to the rows that the winner was trained on: with `refit`, to the validation rows as well."""
        try:
            fitted = fit_baseline(self._ready.data)
            if self._ready.spec.search.refit:
                return fit_baseline(refit_prepared(self._ready).data).judged_by(fitted.baseline.validation)
            return fitted
        except Exception as error:
            note(f"the baseline could not be fitted: {type(error).__name__}: {error}")
            return None

    def _diagnosed(self, best: TrialRecord | None, curve: Curve, result: Score | None) -> tuple[str, ...]:
        found = diagnose(evidence(self._ready, self._study, best, curve, result))
        write_diagnosis(self._store, self._run.run_id, found)
        return found

    def _write_score(self, chosen: Winner, result: Score, validation: Figures) -> None:
        """Put the figures of the test rows on the sweep's run and on the model's, and the tables on the sweep's."""
        best = chosen.trial
        figures = {result.metric: result.value, "test_rows": float(result.rows), **result.more}
        if result.low is not None and result.high is not None:
            figures |= {f"{result.metric}_low": result.low, f"{result.metric}_high": result.high}
        winner = self._run_of(best.number)
        write_metrics(self._store, self._run.run_id, result, validation)
        own = {f"val_{name}": value for name, value in validation.overall.items()}
        if result.baseline is not None:
            own |= result.baseline.points()
        self._store.write(self._run.run_id, [(name, value, self._run.started_ms, 0) for name, value in own.items()])
        # A later look comes at a later step, so that MLflow shows its figures, also where they are lower.
        points = [(name, value, self._run.started_ms, result.looks) for name, value in figures.items()]
        tags = {"hpsearch.best_trial": str(best.number), "hpsearch.test_looks": str(result.looks)}
        self._store.write(self._run.run_id, points, tags=tags)
        for before in self._store.find_runs({"hpsearch.sweep": self._run.name, "hpsearch.winner": "true"}):
            if before.run_id != winner:
                self._store.write(before.run_id, tags={"hpsearch.winner": "false"})
        if winner is not None:
            self._store.write(winner, tags={"hpsearch.winner": "true"})
        scored = self._run_with(chosen.marks)
        if scored is not None:
            self._store.write(scored, points)

    def _run_with(self, marks: Mapping[str, str]) -> str | None:
        tags = {"hpsearch.sweep": self._run.name, **marks}
        return next((run.run_id for run in self._store.find_runs(tags, self._run.experiment)), None)

    def _register(self, winner: Winner) -> str:
        bundle, digest, number = winner.bundle, winner.digest, winner.trial.number
        tags = {"hpsearch.digest": digest, "hpsearch.sweep": self._run.name, "hpsearch.trial": str(number)}
        tags["hpsearch.trained_on"] = trained_on(winner)
        model = ModelFiles(
            folder=winner.place,
            features=bundle.features,
            output=bundle.label_type,
            example=pd.DataFrame(self._ready.data.example, columns=list(bundle.features)),
            tags=tags,
        )

        def verify(came: Path) -> None:
            load(find(came), digest)

        uri = self._store.register(self._run.run_id, self._run.name, self._run.experiment, model, verify)
        self._store.write(self._run.run_id, tags={"hpsearch.digest": digest, "hpsearch.model": uri})
        return uri

    def _curve_of(self, best: TrialRecord | None, marks: Mapping[str, str] | None = None) -> Curve:
        """Fetch the whole curve of a trial back, or of the run that `marks` find."""
        if best is None:
            return Curve()
        winner = self._run_with(marks) if marks else self._run_of(best.number)
        if winner is None:
            return Curve()
        with tempfile.TemporaryDirectory() as place:
            try:
                return read_curve(self._store.fetch(winner, "curves.parquet", Path(place)))
            except HpsearchError:
                return Curve()  # lost with the disk of an earlier driver; the study kept the value

    def _trials(self) -> Any:
        return trials_table(self._study.trials())

    def _write_tables(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            for kind in ("csv", "parquet"):
                path = Path(place, f"trials.{kind}")
                write_table(self._trials(), path)
                self._store.put_file(self._run.run_id, path)

    def _write_files(self, pictures: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as place:
            for name, content in pictures.items():
                Path(place, f"{name}.png").write_bytes(content)
            self._store.put_folder(self._run.run_id, Path(place), "figures")
