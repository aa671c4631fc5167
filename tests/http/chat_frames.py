"""Reads what chat answers: frames of a stream, and the text in them."""

from __future__ import annotations

import json
from typing import Any


def frames_of(data: bytes) -> list[dict[str, Any]]:
    """Check that a body is a whole stream of server-sent events; give the JSON of each but the end."""
    blocks = data.decode("utf-8").split("\n\n")
    assert blocks.pop() == ""
    assert all(block.startswith("data: ") and "\n" not in block for block in blocks)
    assert blocks.pop() == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def chunks_of(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the chunks that have a choice, each checked for its shape."""
    chunks = [frame for frame in frames if frame.get("choices")]
    assert len({chunk["id"] for chunk in chunks}) == 1
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        assert chunk["created"] > 1_600_000_000
        assert chunk["created"] < 10_000_000_000
        assert [choice["index"] for choice in chunk["choices"]] == [0]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    return chunks


def text_of(frames: list[dict[str, Any]]) -> str:
    """Put the text of a stream together."""
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks_of(frames))
