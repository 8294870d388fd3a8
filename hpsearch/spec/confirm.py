"""The key `search.confirm` of a spec: how many of the best trials are trained again, from how many fresh seeds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ConfirmSpec(BaseModel):
    """The best `top` trials are trained again from `seeds` fresh seeds each; the best mean wins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top: int = Field(default=5, ge=1, le=1000, description="so many of the best trials are trained again")
    seeds: int = Field(default=5, ge=2, le=100, description="from so many fresh seeds each")
