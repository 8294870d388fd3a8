"""One place for a worker: the actor in it, the calls that are open, and whether they say that it lives.

`ray_workers` holds one for every worker it wants. An idle worker keeps one call open that fails when its process ends,
so that its death is noticed before it is given a trial.
"""

from __future__ import annotations

import time
from typing import Any

from hpsearch.execution.ray_actor import WorkerInfo
from hpsearch.execution.ray_environment import ray
from hpsearch.training.messages import Pull
from hpsearch.trial import Suggestion

_ASK_AFTER_SECONDS = 3.0  # a worker that trains answers every few seconds, and at once if it is asked whether it lives


class Slot:
    """One place for a worker.

    Attributes
    ----------
    actor : the worker that holds it now
    call : what it was asked last, None once it has answered
    info : where it lives, None before it has begun
    suggestion : the trial that it was given
    heard : the question sent ahead of a trial, None once the trial's first answer is there
    """

    actor: Any
    call: Any
    info: WorkerInfo | None
    suggestion: Suggestion | None
    heard: Any
    _death: Any  # fails when the process ends
    _sign: Any  # the question whether it is alive, while that is open
    _called_at: float
    _asked_at: float

    def __init__(self, actor: Any) -> None:
        self.employ(actor)

    def employ(self, actor: Any) -> None:
        """Put a new worker into the place; it is ready when it says where it lives."""
        self.actor, self.info, self.suggestion, self.heard = actor, None, None, None
        self._ask(actor.alive.remote())
        self._death = actor.until_death.remote()

    @property
    def ready(self) -> bool:
        """Whether it has begun."""
        return self.info is not None

    @property
    def idle(self) -> bool:
        """Whether it could begin a trial."""
        return self.ready and self.suggestion is None

    @property
    def awaited(self) -> Any:
        """The call that is answered next; where nothing was asked, the one that fails when the process ends."""
        return self._death if self.call is None else self.call

    @property
    def has_heard(self) -> bool:
        """Whether it was alive when it was given its trial."""
        if self.heard is None:
            return True
        try:
            ray.get(self.heard, timeout=0)
        except ray.exceptions.RayError:  # also where the answer is not there
            return False
        return True

    def begin(self, suggestion: Suggestion, pull: Pull) -> str:
        """Hand a trial over and name the worker."""
        assert self.info is not None, "only a worker that has begun is idle"
        self.suggestion = suggestion
        self.heard = self.actor.alive.remote()  # answered by another thread, before the trial can do any harm
        self._ask(self.actor.run.remote(suggestion, pull))
        return self.info.name

    def go_on(self, pull: Pull) -> None:
        """Ask for more of the trial."""
        self._ask(self.actor.pull.remote(pull))

    def silent_seconds(self) -> float:
        """Return for how long a worker that was asked whether it lives has not said so; 0.0 while it need not.

        It is asked when its answer is long in coming.
        """
        now = time.monotonic()
        if self.call is None or now - self._called_at < _ASK_AFTER_SECONDS:
            return 0.0
        if self._sign is None:
            self._sign, self._asked_at = self.actor.alive.remote(), now
        elif ray.wait([self._sign], timeout=0)[0]:
            self._sign, self._called_at = None, now
        return 0.0 if self._sign is None else now - self._asked_at

    def _ask(self, call: Any) -> None:
        self.call = call
        self._called_at, self._asked_at, self._sign = time.monotonic(), 0.0, None
