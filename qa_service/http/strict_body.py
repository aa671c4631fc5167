"""The base of every JSON body's model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A JSON body: strict types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)
