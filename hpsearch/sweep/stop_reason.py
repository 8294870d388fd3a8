"""Says whether a sweep's search is over, and which part of its budget ended it; asked before and after a search."""

from __future__ import annotations

from hpsearch.study.admission import Admission
from hpsearch.study.study import Study


def stop_reason(study: Study) -> str:
    """Return what ended the search, empty while it is to go on."""
    admission = Admission(study.spec.search, study.trials())
    enough = study.counts().finished >= study.spec.search.trials
    if enough or (not study.waiting() and admission.over(study.next_number())):
        return admission.ended()
    return ""
