"""What `supervisor` asks the owner of the trials, and the attempt that they speak of.

The search has a policy that asks a study and prunes (`sweep.driver`); what is trained again goes to its end
(`sweep.finalists.repeats`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hpsearch.training.messages import Chunk, Pull
from hpsearch.trial import Curve, GrowingCurve, ModelState, Outcome, Suggestion

FIRST_SLICE_SECONDS = 2.0  # after which a worker answers first; each further time after twice as long


@dataclass
class Attempt:
    """One attempt at a trial, in a worker's hands.

    Attributes
    ----------
    deaths : worker processes that died under the trial so far
    unheard : workers that were dead before they heard of it
    begun_at : by the supervisor's timer; moved on by time that was not the attempt's own
    parked_at : since when it waits for epochs that others were granted and may give back
    """

    suggestion: Suggestion
    deaths: int = 0
    unheard: int = 0
    worker: str = ""
    begun_at: float = 0.0
    parked_at: float | None = None
    slice_seconds: float = FIRST_SLICE_SECONDS
    growing: GrowingCurve = field(default_factory=GrowingCurve)

    @property
    def number(self) -> int:
        """The trial's number."""
        return self.suggestion.number

    @property
    def epochs(self) -> int:
        """How many epochs it has trained."""
        return self.growing.epochs

    @property
    def curve(self) -> Curve:
        """All its epochs so far."""
        return self.growing.curve


class Policy(Protocol):
    """What the owner of the trials decides and records; every method is called from within `Supervisor.run`."""

    def may_hand_out(self) -> bool:
        """Whether anything may be handed to a worker now."""

    def may_run_again(self) -> bool:
        """Whether a lost trial may begin again now."""

    def next_suggestion(self) -> Suggestion | None:
        """Return the trial that begins now, None while none may."""

    def goes_on(self) -> bool:
        """Whether there is anything to wait for."""

    def begun(self, attempt: Attempt) -> None:
        """Note an attempt that is about to be handed out."""

    def pull(self, attempt: Attempt) -> Pull | None:
        """Return how far an attempt may go now, None where it has to wait."""

    def trained(self, attempt: Attempt, chunk: Chunk) -> None:
        """Count what a worker trained; it is in the attempt's curve already."""

    def prunes(self, attempt: Attempt) -> str:
        """Return why an attempt that goes on should stop, empty where it should not."""

    def lost(self, attempt: Attempt, reason: str) -> None:
        """Note an attempt whose trial begins again elsewhere."""

    def ended(self, attempt: Attempt, outcome: Outcome, model: ModelState | None) -> None:
        """Record how a trial ended; the attempt is released after it at the latest."""

    def look_after(self) -> None:
        """Do what has to be done about once a second; raising ends the run."""

    def note(self, message: str) -> None:
        """Tell a person."""
