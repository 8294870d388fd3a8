"""The specification of a sweep as frozen models: what YAML, Python and the JSON schema agree on.

`yaml_source` reads the text, `load` turns it into a `SweepSpec` and words the error messages. Every room reads specs;
this one imports nothing of ours but the errors.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hpsearch.errors import SpecError
from hpsearch.spec.conditions import check_conditions, check_point
from hpsearch.spec.search import BUDGET, SearchSpec
from hpsearch.spec.space import Choices, Parameter

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
TRAINER = "trainer"  # a parameter of this name chooses among several trainers
_FREE = {"workers", "cpus", "memory_gib", "experiment", "trial_timeout_seconds"}  # shape no trial
_FREE_SEARCH = (*BUDGET, "max_failures")
_FROZEN = ConfigDict(frozen=True, extra="forbid")


def check_name(name: str) -> str:
    """Return `name` if it can name a sweep, else raise SpecError; names become paths, tags and addresses."""
    if not NAME.fullmatch(name):
        short = name if len(name) <= 80 else name[:77] + "..."
        raise SpecError(
            "name: must be 1 to 64 letters, digits, '_', '.' or '-', and begin with a letter or digit, "
            f"got {short!r} ({len(name)} characters)"
        )
    if name.endswith((".yaml", ".yml")):
        raise SpecError(f"name: must not end in .yaml or .yml, which `hpsearch resume` takes for a spec, got {name!r}")
    return name


class DataSpec(BaseModel):
    """Where the rows come from and how they are divided."""

    model_config = _FROZEN

    dataset: str | None = Field(default=None, description="a built-in data set; see `hpsearch datasets`")
    path: str | None = Field(default=None, description="rows.csv, rows.parquet, arrays.npz or an IDX images file")
    labels: str | None = Field(default=None, description="the labels file that goes with an IDX images file")
    label: str | None = Field(default=None, description="the label column of a table")
    options: dict[str, Any] = Field(default_factory=dict, description="options of a built-in data set")
    split: tuple[float, float, float] = Field(default=(2, 1, 1), description="train : validation : test")
    transform: Literal["none", "standardize", "whiten"] | None = Field(
        default=None, description="fitted on training rows; default: whiten, for images standardize"
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="seed of the split")
    task: Literal["classification", "regression"] | None = Field(
        default=None, description="by default what the data set is; a table is for classification"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.dataset is None) == (self.path is None):
            names = "neither" if self.dataset is None else f"dataset={self.dataset!r} and path={self.path!r}"
            raise ValueError(f"give either dataset or path, got {names}")
        if self.options and self.dataset is None:
            raise ValueError(f"options belong to a built-in data set, got options={self.options!r} with a path")
        return self

    @field_validator("split", mode="before")
    @classmethod
    def _three_parts(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != 3:
            raise ValueError(f"must be three numbers, train : validation : test, got {value!r}")
        return value

    @field_validator("split")
    @classmethod
    def _positive_parts(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if not all(0 < part < float("inf") for part in value):
            raise ValueError(f"each of the three parts must be above 0, got {list(value)}")
        return value


class SweepSpec(BaseModel):
    """One sweep: a trainer, data, a space to search and a budget."""

    model_config = _FROZEN

    name: str = Field(description="names the sweep, its study and its registered model")
    trainer: str = Field(default="mlp", description='mlp, batchnorm, ... my_trainer.py:Name or "package.module:Name"')
    data: DataSpec
    space: dict[str, Parameter] = Field(min_length=1, description="settings that are searched")
    settings: dict[str, Any] = Field(default_factory=dict, description="settings that are fixed")
    search: SearchSpec = Field(default_factory=SearchSpec)
    workers: int = Field(default=2, ge=1, le=4096, description="trials that run at once")
    cpus: float = Field(default=1, gt=0, description="processors that each worker takes from the cluster")
    memory_gib: float | None = Field(default=None, gt=0, description="memory that each worker may take")
    trial_timeout_seconds: float | None = Field(default=None, gt=0, description="a trial that takes longer fails")
    experiment: str = Field(default="hpsearch", min_length=1, max_length=200, description="the MLflow experiment")

    @field_validator("name")
    @classmethod
    def _usable_name(cls, value: str) -> str:
        try:
            return check_name(value)
        except SpecError as error:
            raise ValueError(str(error).removeprefix("name: ")) from None

    @field_validator("space")
    @classmethod
    def _conditions_hold(cls, value: dict[str, Parameter]) -> dict[str, Parameter]:
        check_conditions(value)
        trainers = value.get(TRAINER)
        if trainers is not None and not (
            isinstance(trainers, Choices) and all(isinstance(choice, str) for choice in trainers.choices)
        ):
            raise ValueError(f"{TRAINER}: must be choices of trainers, such as {{choices: [mlp, batchnorm]}}")
        return value

    @model_validator(mode="after")
    def _searched_or_fixed(self) -> Self:
        both = sorted(set(self.space) & set(self.settings))
        if both:
            raise ValueError(f"a setting is either searched or fixed, got {both[0]!r} in both space and settings")
        return self

    @model_validator(mode="after")
    def _points_in_space(self) -> Self:
        for place, point in enumerate(self.search.enqueue):
            try:
                check_point(self.space, point)
            except ValueError as error:
                raise ValueError(f"search.enqueue.{place}: {error}") from None
        return self

    @property
    def trainers(self) -> tuple[str, ...]:
        """The trainers of the sweep: the one named, or those that are searched."""
        searched = self.space.get(TRAINER)
        return searched.choices if isinstance(searched, Choices) else (self.trainer,)

    @property
    def conditional(self) -> bool:
        """Whether some parameters exist only under a condition."""
        return any(parameter.when for parameter in self.space.values())

    def shaping(self) -> dict[str, Any]:
        """Return everything that shapes a trial: all but the budget, the workers and the addresses."""
        shaping = self.model_dump(mode="json", exclude=_FREE)
        for free in _FREE_SEARCH:
            del shaping["search"][free]
        return shaping

    def fingerprint(self) -> str:
        """Return a digest of what shapes a trial."""
        return hashlib.sha256(json.dumps(self.shaping(), sort_keys=True).encode()).hexdigest()


def with_free(begun: SweepSpec, spec: SweepSpec) -> SweepSpec:
    """Return the spec that a sweep was begun with, with all of another's that shapes no trial."""
    search = begun.search.model_copy(update={name: getattr(spec.search, name) for name in _FREE_SEARCH})
    return begun.model_copy(update={"search": search, **{name: getattr(spec, name) for name in _FREE}})
