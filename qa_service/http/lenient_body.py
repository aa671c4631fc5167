"""The base of bodies that other programs' protocols define: strict types, unknown fields left alone."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LenientBody(BaseModel):
    """A JSON body of a protocol that grows without us."""

    model_config = ConfigDict(extra="ignore", strict=True)
