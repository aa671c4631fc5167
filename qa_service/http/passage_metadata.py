"""An article's metadata beside what a passage itself is known by, in one flat object."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from qa_service.types import RankedPassage


def own_fields(passage: RankedPassage) -> dict[str, object]:
    """Give what a passage is known by; None for what it has not."""
    return {
        "passage_id": passage.passage_id,
        "start": passage.start,
        "end": passage.end,
        "url": passage.url,
        "published_at": passage.published_at,
    }


def beside(metadata: Mapping[str, object], own: Mapping[str, object], taken: Collection[str] = ()) -> dict[str, object]:
    """Put an article's metadata beside fields of our own.

    Parameters:
        metadata: of the article. A key that is one of ours or `taken` becomes `metadata.KEY`, the name that filters
            know it by: nothing that an article says of itself can pass for what the service says of it.
        own: our fields, after which those of the article come. One that is None is left out, and its name is still
            ours: an article without a URL must not bring one of its own making.
        taken: names that must not be there at all.
    """
    merged = {name: value for name, value in own.items() if value is not None}
    for key, value in metadata.items():
        merged.setdefault(f"metadata.{key}" if key in own or key in taken else key, value)
    return merged
