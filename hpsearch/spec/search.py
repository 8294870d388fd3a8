"""The section `search` of a spec: sampler, pruner, what is measured and when the search ends.

Part of `model`; the names and settings of samplers and pruners are in `algorithms`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hpsearch.spec.algorithms import PRUNER_KINDS, SAMPLER_KINDS, Kind, checked
from hpsearch.spec.confirm import ConfirmSpec
from hpsearch.spec.objectives import larger_is_better, several_aims

BUDGET = ("trials", "seconds", "epochs", "target", "patience")  # may change when a sweep is resumed
SAMPLERS, PRUNERS = tuple(SAMPLER_KINDS), tuple(PRUNER_KINDS)


Direction = Literal["maximize", "minimize"]


class Algorithm(BaseModel):
    """A sampler or pruner by name, with settings of its own: `tpe` or `{name: tpe, n_startup_trials: 20}`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the name."""
        return dict(self.__pydantic_extra__ or {})


class Aim(BaseModel):
    """An aim beside the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    direction: Direction


class SearchSpec(BaseModel):
    """How the space is searched and when the search ends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(default=20, ge=1, le=1_000_000, description="finished trials to end with")
    seconds: float | None = Field(default=None, gt=0, description="search no longer than this, over all sessions")
    epochs: int | None = Field(default=None, ge=1, description="train so many epochs in all trials together")
    target: float | None = Field(default=None, description="end when a trial's value is at least this good")
    patience: int | None = Field(default=None, ge=1, description="end after so many trials without improvement")
    deterministic: bool = Field(default=False, description="the same trials, to the bit, on any number of workers")
    window: int | None = Field(
        default=None, ge=1, description="deterministic: trial n knows of trials 0 to n - window; default: the workers"
    )
    sampler: Algorithm = Field(default=Algorithm(name="tpe"), description=f"one of {', '.join(SAMPLERS)}")
    pruner: Algorithm = Field(default=Algorithm(name="none"), description=f"one of {', '.join(PRUNERS)}")
    metric: str | None = Field(default=None, description="default: val_accuracy, for regression val_rmse")
    direction: Direction | None = Field(
        default=None, description="default: minimize for a metric ending in loss or rmse, else maximize"
    )
    aims: tuple[Aim, ...] = Field(default=(), description="the others, where metric and direction are lists")
    warm_start: str | None = Field(default=None, description="a sweep whose finished trials teach the sampler")
    enqueue: tuple[dict[str, Any], ...] = Field(
        default=(), description="points to try first; what they leave out is sampled"
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="seed of the sampler and of every trial")
    max_failures: int = Field(default=20, ge=1, description="failed trials in a row after which the sweep gives up")
    confirm: ConfirmSpec | None = Field(default=None, description="train the best again: the best mean wins")
    refit: bool = Field(default=False, description="train the winner once more, on training and validation rows")

    @model_validator(mode="before")
    @classmethod
    def _several_aims(cls, value: Any) -> Any:
        return several_aims(value) if isinstance(value, Mapping) else value

    @field_validator("sampler", mode="before")
    @classmethod
    def _known_sampler(cls, value: Any) -> Any:
        return checked(value, "sampler", SAMPLER_KINDS)

    @field_validator("pruner", mode="before")
    @classmethod
    def _known_pruner(cls, value: Any) -> Any:
        return checked(value, "pruner", PRUNER_KINDS)

    @model_validator(mode="after")
    def _enough_to_confirm(self) -> Self:
        if self.confirm is not None and self.confirm.top > self.trials:
            raise ValueError(f"confirm.top must be at most trials, got top={self.confirm.top}, trials={self.trials}")
        return self

    @model_validator(mode="after")
    def _repeatable(self) -> Self:
        if self.deterministic and self.seconds is not None:
            raise ValueError(f"deterministic excludes seconds, which no two runs share, got seconds={self.seconds:g}")
        if self.window is not None and not self.deterministic:
            raise ValueError(f"window belongs to deterministic: true, got window={self.window} without it")
        if self.target is not None and not math.isfinite(self.target):
            raise ValueError(f"target must be finite, got {self.target}")
        return self

    @model_validator(mode="after")
    def _one_aim_only(self) -> Self:
        for name in ("target", "patience", "confirm"):
            if self.aims and getattr(self, name) is not None:
                raise ValueError(f"{name} judges by one metric, got {len(self.metrics)}: {', '.join(self.metrics)}")
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of all aims, the first one first."""
        return (self.metric or "val_accuracy", *(aim.metric for aim in self.aims))

    @property
    def maximizes(self) -> dict[str, bool]:
        """Whether larger values are better, by the name of each of `metrics`."""
        return {self.metrics[0]: self.maximize} | {aim.metric: aim.direction == "maximize" for aim in self.aims}

    @property
    def sampler_kind(self) -> Kind:
        """What the sampler can do."""
        return SAMPLER_KINDS[self.sampler.name]

    @property
    def maximize(self) -> bool:
        """Whether larger values are better."""
        if self.direction is not None:
            return self.direction == "maximize"
        return larger_is_better(self.metric or "val_accuracy")
