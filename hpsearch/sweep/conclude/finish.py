"""The last step of a sweep: score the winner and the baseline, register the model, diagnose, write tables and pictures.

Every part may run again after a crash and then finds what it did before. Runs in the driver when no trial is left;
`records` and `artifacts` write what comes out, `parts` keeps what fails from costing the rest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import held_out
from hpsearch.diagnosis import diagnose
from hpsearch.figures import draw
from hpsearch.model.predictor import Predictor
from hpsearch.study.importance import importances
from hpsearch.sweep.conclude.artifacts import write_diagnosis, write_metrics, write_winner
from hpsearch.sweep.conclude.baseline import FittedBaseline, fit_baseline
from hpsearch.sweep.conclude.best_curves import best_curves
from hpsearch.sweep.conclude.evidence import evidence
from hpsearch.sweep.conclude.figure_inputs import figure_inputs
from hpsearch.sweep.conclude.gallery import Gallery, gallery
from hpsearch.sweep.conclude.metrics import Figures
from hpsearch.sweep.conclude.parts import Parts
from hpsearch.sweep.conclude.records import curve_with, register, run_of, write_comparison, write_score
from hpsearch.sweep.conclude.score import Score, score, validation_figures
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.conclude.trials_table import trials_table, write_table
from hpsearch.sweep.finalists.finalists import Finalists
from hpsearch.sweep.finalists.refit import refit_prepared
from hpsearch.sweep.finalists.winner import Winner
from hpsearch.sweep.resources import OpenSweep
from hpsearch.tracking.schema import trial_marks
from hpsearch.trial import Curve, TrialRecord


@dataclass(frozen=True)
class Conclusion:
    """What the last step came to.

    Attributes
    ----------
    score, model_uri, winner : None where no trial completed, or the winner is not settled yet
    diagnosis : its sentences
    failures : one line of each part that could not be made
    """

    score: Score | None = None
    model_uri: str | None = None
    diagnosis: tuple[str, ...] = ()
    winner: Winner | None = None
    failures: tuple[str, ...] = ()

    def summary(self, sweep: OpenSweep, ended: str, interrupted: bool) -> Summary:
        """Return what the sweep came to; where its time went is still to be filled in."""
        study, winner = sweep.study, self.winner
        return Summary(
            sweep=sweep.run.name,
            metric=sweep.ready.spec.search.metric or "",
            counts=study.counts(),
            front=study.front(),
            best=winner.trial if winner else study.best(),
            confirmed=winner.confirmed if winner else None,
            refit_epochs=winner.refit_epochs if winner else None,
            score=self.score,
            model_uri=self.model_uri,
            diagnosis=self.diagnosis,
            failures=self.failures,
            tracking_uri=sweep.store.uri,
            run_id=sweep.run.run_id,
            seconds={},
            interrupted=interrupted,
            ended=ended,
            deterministic=sweep.ready.spec.search.deterministic,
        )


@dataclass(frozen=True)
class _Scored:
    """The winner's model, the test rows, and what it made of them."""

    predictor: Predictor
    rows: Rows
    predicted: NDArray[Any]
    score: Score


class Finish:
    """Brings a searched sweep to its end."""

    def __init__(self, sweep: OpenSweep, finalists: Finalists, note: Callable[[str], None]) -> None:
        self._sweep, self._finalists = sweep, finalists
        self._ready, self._study, self._store, self._run = sweep.ready, sweep.study, sweep.store, sweep.run
        self._parts = Parts(note)

    def conclude(self, pictures: bool = True) -> Conclusion:
        """Score, register, diagnose and draw; without a completed trial there is only the diagnosis."""
        self._parts.make("the tables of the trials", self._write_tables, None)
        winner = None if self._finalists.pending else self._finalists.winner()
        if winner is None:  # as long as the winner is not settled, nobody looks at the test rows
            best = self._study.best()
            diagnosis = self._diagnosed(best, self._curve_of(best), None)
            return Conclusion(diagnosis=diagnosis, failures=self._parts.failures)
        scored = self._scored(winner)
        self._write_score(winner, scored.score)
        uri = register(self._sweep, winner)
        curve = curve_with(self._sweep, winner.training.marks)
        diagnosis = self._diagnosed(winner.trial, curve, scored.score)
        if pictures:
            self._parts.make("the pictures", lambda: self._draw(winner.trial, curve, scored), None)
        return Conclusion(scored.score, uri, diagnosis, winner, self._parts.failures)

    def _scored(self, winner: Winner) -> _Scored:
        """Look at the test rows; the recorded score stands if it is this winner's, else the new one is recorded."""
        predictor = Predictor.from_bundle(winner.bundle)
        rows = held_out(self._ready.spec.data, self._ready.folder, self._ready.data.fingerprint)
        record = self._study.attributes.get("score")
        before = Score.from_json(record) if record else None
        looks, baseline = (before.looks, before.baseline) if before else (0, None)
        fitted = self._baseline() if baseline is None else None  # its rows are the same for every winner
        result, predicted = score(winner.trial.number, winner.digest, predictor, rows, looks, fitted)
        result = replace(result, baseline=baseline or result.baseline)
        if before is not None and before.digest == result.digest and before.value == result.value:
            result = replace(result, looks=before.looks)  # the same model is no further look, though another trial's
            if before.number == result.number:
                return _Scored(predictor, rows, predicted, result)
        self._study.remember("score", result.as_json())
        return _Scored(predictor, rows, predicted, result)

    def _baseline(self) -> FittedBaseline | None:
        """Fit the baseline to the rows that the winner was trained on: with `refit`, to the validation rows as well."""

        def fit() -> FittedBaseline:
            fitted = fit_baseline(self._ready.data)
            if self._ready.spec.search.refit:
                return fit_baseline(refit_prepared(self._ready).data).judged_by(fitted.baseline.validation)
            return fitted

        return self._parts.make("the baseline", fit, None)

    def _write_score(self, winner: Winner, result: Score) -> None:
        self._parts.make("the metrics of the validation rows", lambda: self._compare(winner, result), None)
        write_score(self._sweep, winner, result)
        write_winner(self._store, self._run, winner)

    def _compare(self, winner: Winner, result: Score) -> None:
        validation: Figures = validation_figures(Predictor.from_bundle(winner.validated), self._ready.data)
        write_metrics(self._store, self._run.run_id, result, validation)
        write_comparison(self._sweep, result, validation)

    def _diagnosed(self, best: TrialRecord | None, curve: Curve, result: Score | None) -> tuple[str, ...]:
        def find() -> tuple[str, ...]:
            sentences = diagnose(evidence(self._ready, self._study, best, curve, result))
            write_diagnosis(self._store, self._run.run_id, sentences)
            return sentences

        return self._parts.make("the diagnosis", find, ())

    def _draw(self, best: TrialRecord, curve: Curve, scored: _Scored) -> None:
        trials, make = self._study.trials(), self._parts.make
        models = make("the gallery", lambda: gallery(self._ready, self._sweep.models, trials), Gallery())
        inputs = figure_inputs(
            self._ready,
            trials_table(trials),
            best,
            curve,
            scored.predictor,
            scored.rows,
            scored.predicted,
            models,
            self._study.front(),
        )
        rendered = draw(replace(inputs, **self._of_the_search(best, trials)))
        for name, reason in rendered.failed.items():
            self._parts.fail(f"picture {name}", reason)
        self._write_pictures(rendered.pictures)

    def _of_the_search(self, best: TrialRecord, trials: list[TrialRecord]) -> dict[str, Any]:
        """Return what pictures of the search need beside its table."""
        spec, make = self._ready.spec, self._parts.make
        metric, maximize = spec.search.metric or "", spec.search.maximize

        def curves() -> list[Any]:
            sweep, number = self._sweep, best.number
            return best_curves(self._store, trials, lambda n: run_of(sweep, n), metric, number, maximize=maximize)

        none: dict[str, float] = {}
        return {
            "importance": make("the importance", lambda: importances(spec.space, trials, maximize), none),
            "curves": make("the curves of the best trials", curves, []),
        }

    def _curve_of(self, best: TrialRecord | None) -> Curve:
        """Fetch the whole curve of a trial back."""
        if best is None:
            return Curve()
        return curve_with(self._sweep, trial_marks(best.number))

    def _write_tables(self) -> None:
        table = trials_table(self._study.trials())
        with tempfile.TemporaryDirectory() as place:
            for kind in ("csv", "parquet"):
                self._store.put_file(self._run.run_id, write_table(table, Path(place, f"trials.{kind}")))

    def _write_pictures(self, pictures: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as place:
            for name, content in pictures.items():
                Path(place, f"{name}.png").write_bytes(content)
            self._store.put_folder(self._run.run_id, Path(place), "figures")
