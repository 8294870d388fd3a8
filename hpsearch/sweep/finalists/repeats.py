"""Trains given suggestions to their end on workers, without a study: what is trained again after a search.

The policy of a `Supervisor` that asks nobody and prunes nothing. `confirm` and `refit` are trained so, a model that was
lost, the models of the gallery, and the reruns of `results`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hpsearch.execution.interface import Cluster
from hpsearch.execution.policy import Attempt
from hpsearch.execution.supervisor import Supervisor
from hpsearch.locking.closing import closing
from hpsearch.locking.retry import Timer
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.records import now_ms
from hpsearch.training.messages import Chunk, Pull
from hpsearch.trial import Curve, ModelState, Outcome, Suggestion

MakeCluster = Callable[[PreparedSweep], Cluster]


@dataclass(frozen=True)
class Repeated:
    """How a suggestion ended; `model` is None where it did not complete."""

    suggestion: Suggestion
    outcome: Outcome
    curve: Curve
    model: ModelState | None
    started_ms: int
    ended_ms: int


Ended = Callable[[Repeated], None]


class Repeats:
    """Trains suggestions on workers of their own.

    Parameters
    ----------
    cluster : makes workers that hold the rows of a sweep
    stop : ends a run; what has not ended by then is told nobody
    keep_lease : called about once a second; what it raises ends a run
    note : tells a person
    """

    def __init__(
        self,
        cluster: MakeCluster,
        stop: threading.Event,
        keep_lease: Callable[[], None],
        note: Callable[[str], None],
        timer: Timer | None = None,
    ) -> None:
        self._cluster, self._keep_lease, self.note = cluster, keep_lease, note
        self._timer = timer or Timer(stop)

    def run(
        self,
        ready: PreparedSweep,
        suggestions: Iterable[Suggestion],
        ended: Ended,
        until: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Train every suggestion on the rows of `ready`, held to its limits, and tell `ended` of each.

        Parameters
        ----------
        suggestions : their numbers must be different
        until : the epoch after which each is ended; None lets them end by themselves
        seconds : after which what still runs or waits is given up
        """
        wanted = list(suggestions)
        few = ready.spec.model_copy(update={"workers": max(1, min(ready.spec.workers, len(wanted)))})
        cluster = self._cluster(replace(ready, spec=few))
        with closing("the workers were not ended", cluster.close):
            over = _Deadline(self._timer, seconds)
            policy = _ToTheEnd(wanted, ended, until, over, self._keep_lease, self.note)
            Supervisor(cluster, policy, ready.spec.trial_timeout_seconds, self._timer).run()


class _Deadline:
    """Whether a run as a whole has taken too long."""

    def __init__(self, timer: Timer, seconds: float | None) -> None:
        self._timer, self._at = timer, None if seconds is None else timer.now() + seconds

    @property
    def over(self) -> bool:
        return self._at is not None and self._timer.now() > self._at


class _ToTheEnd:
    """The policy: one suggestion after the other, none ended before `until`."""

    def __init__(
        self,
        suggestions: list[Suggestion],
        ended: Ended,
        until: int | None,
        deadline: _Deadline,
        keep_lease: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._left, self._unfinished = deque(suggestions), len(suggestions)
        self._ended, self._until, self._deadline = ended, until, deadline
        self._keep_lease, self._note = keep_lease, note
        self._started_ms: dict[int, int] = {}

    def may_hand_out(self) -> bool:
        return not self._deadline.over

    def may_run_again(self) -> bool:
        return True

    def next_suggestion(self) -> Suggestion | None:
        return self._left.popleft() if self._left else None

    def goes_on(self) -> bool:
        return self._unfinished > 0 and not self._deadline.over

    def begun(self, attempt: Attempt) -> None:
        self._started_ms[attempt.number] = now_ms()

    def pull(self, attempt: Attempt) -> Pull:
        return Pull(self._until, attempt.slice_seconds)  # without a value to beat, the model always comes along

    def trained(self, attempt: Attempt, chunk: Chunk) -> None:
        pass

    def prunes(self, attempt: Attempt) -> str:
        enough = self._until is not None and attempt.epochs >= self._until
        return f"ended after epoch {attempt.epochs}, as it was asked for" if enough else ""

    def lost(self, attempt: Attempt, reason: str) -> None:
        self._note(f"{reason}; what it trained runs again")

    def ended(self, attempt: Attempt, outcome: Outcome, model: ModelState | None) -> None:
        self._unfinished -= 1
        started = self._started_ms[attempt.number]
        self._ended(Repeated(attempt.suggestion, outcome, attempt.curve, model, started, max(now_ms(), started)))

    def look_after(self) -> None:
        self._keep_lease()

    def note(self, message: str) -> None:
        self._note(message)
