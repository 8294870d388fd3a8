"""Says in words what went wrong in a sweep, and what to try next: one finding a file.

Each finding reads `Evidence` and returns its sentences; none of them changes anything. `sweep` gathers the evidence
and shows the sentences in the summary and on the sweep's run.
"""

from __future__ import annotations

from collections.abc import Callable

from hpsearch.diagnosis.curve_stats import curve_stats
from hpsearch.diagnosis.dead_units import dead_units
from hpsearch.diagnosis.divergence import divergence
from hpsearch.diagnosis.edge import edge
from hpsearch.diagnosis.evidence import Evidence
from hpsearch.diagnosis.fit import overfitting, underfitting
from hpsearch.diagnosis.heat import cold, hot

Finding = Callable[[Evidence], list[str]]
FINDINGS: tuple[Finding, ...] = (divergence, hot, cold, dead_units, overfitting, underfitting, edge)


def diagnose(evidence: Evidence) -> tuple[str, ...]:
    """Return every sentence that applies; a finding that fails costs only itself."""
    sentences: list[str] = []
    for finding in FINDINGS:
        try:
            sentences += finding(evidence)
        except Exception as error:
            sentences.append(f"{finding.__name__} could not be looked for: {type(error).__name__}: {error}")
    return tuple(sentences)


__all__ = ["FINDINGS", "Evidence", "curve_stats", "diagnose"]
