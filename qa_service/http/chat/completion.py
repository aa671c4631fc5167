"""The shapes of the protocol: a completion, its chunks, its usage, and frames of a stream."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from qa_service.types import Result

DONE = b"data: [DONE]\n\n"
_COUNTED = 100_000


def frame(body: Mapping[str, object]) -> bytes:
    """Write one server-sent event; JSON has no line breaks of its own, so that one line holds it."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return b"data: " + text.encode("utf-8", "replace") + b"\n\n"


@dataclass(frozen=True, slots=True)
class Completion:
    """What all chunks of an answer share; `created` is in seconds."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def chunk(self, delta: Mapping[str, object], finish_reason: str | None = None, **more: object) -> dict[str, object]:
        """Make a chunk with one choice."""
        choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **more}

    def usage_chunk(self, usage: Mapping[str, int]) -> dict[str, object]:
        """Make the chunk that ends a stream whose client asked for usage."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": dict(usage)}

    def whole(
        self, text: str, named: Sequence[Mapping[str, object]], usage: Mapping[str, int], **more: object
    ) -> dict[str, object]:
        """Make the completion of a request that does not stream; `named` are its annotations."""
        message = {"role": "assistant", "content": text, "refusal": None, "annotations": list(named)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": dict(usage), **more}

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def retrieval_of(result: Result, *, generated: bool) -> dict[str, object]:
    """Give what was found, as the object `qa` of a completion or of a stream's last chunk."""
    return {
        "answerable": result.answerable,
        "confidence": result.confidence,
        "generated": generated,
        "passages": [
            {
                "passage_id": passage.passage_id,
                "article_id": passage.article_id,
                "score": passage.score,
                "start": passage.start,
                "end": passage.end,
            }
            for passage in result.passages
        ],
        **({} if result.question_id is None else {"question_id": result.question_id}),
    }


def usage_of(count_tokens: Callable[[Sequence[str]], list[int]], prompt: Sequence[str], text: str) -> dict[str, int]:
    """Count tokens by the embedding model's tokenizer; of a very long prompt the end is counted and the rest inferred.

    Parameters:
        prompt: the texts of all messages.
        text: the answer.
    """
    joined = "\n".join(prompt)
    counted = joined[-_COUNTED:]
    of_prompt, of_text = count_tokens([counted, text])
    if len(joined) > len(counted):
        of_prompt = round(of_prompt * len(joined) / len(counted))
    return {"prompt_tokens": of_prompt, "completion_tokens": of_text, "total_tokens": of_prompt + of_text}
