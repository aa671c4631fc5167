"""A reply as a stream of server-sent events, or collected into one answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from qa_service.http.chat.completion import DONE, Completion, frame, retrieval_of
from qa_service.http.chat.reply import Reply
from qa_service.http.chat.sources import source_event
from qa_service.http.failure import Failure, FieldProblem
from qa_service.http.openai.errors import error_body
from qa_service.http.stopping import stopping
from qa_service.rendering import result_to_dict

Usage = Callable[[str], dict[str, int]]
_BROKE_OFF = Failure(500, "internal-error", (FieldProblem(None, "the answer broke off", "ask again"),))
_log = logging.getLogger(__name__)


class ClientGone(Exception):
    """There is nobody to answer any more."""


class Stopping(Exception):
    """The service stops and the answer is not done."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What may end an answer before its end: tells whether the client has gone, and whether the service is over."""

    is_gone: Callable[[], bool]
    is_over: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raise `ClientGone` or `Stopping` where there is reason to."""
        if self.is_gone():
            raise ClientGone
        if self.is_over():
            raise Stopping


def collected(reply: Reply, watch: Watch) -> str:
    """Gather the text of a reply, its source list included.

    Errors:
        ClientGone, Stopping: while a generator was at work, which is stopped.
    """
    parts: list[str] = []
    with closing(_watched(reply, watch)) as pieces:
        parts.extend(pieces)
    text = "".join(parts)
    return text + (reply.source_list(text) or "")


def whole(completion: Completion, reply: Reply, usage: Usage, watch: Watch) -> dict[str, object]:
    """Make the answer to a request that does not stream; see `collected`."""
    text = collected(reply, watch)
    more: dict[str, object] = {"qa": retrieval_of(reply.result, generated=reply.generated)}
    if reply.asked.sources == "events":
        more["sources"] = [source_event(source)["data"] for source in reply.sources]
    if reply.asked.sources == "result":
        more["result"] = result_to_dict(reply.result)
    return completion.whole(text, reply.annotations(text) or [], usage(text), **more)


def streamed(completion: Completion, reply: Reply, usage: Usage | None, watch: Watch) -> Generator[bytes]:
    """Write the frames of a reply: events, text, the finishing chunk, usage if asked for, and the end.

    A failure in the middle is a frame with an error, after which nothing follows. Closing the iterator, which the
    server does when it cannot write any more, stops a generator at once.
    """
    try:
        yield from _events(reply)
        yield frame(completion.chunk({"role": "assistant", "content": ""}))
        said = []
        with closing(_watched(reply, watch)) as pieces:
            for piece in pieces:
                said.append(piece)
                yield frame(completion.chunk({"content": piece}))
        text = "".join(said)
        listed = reply.source_list(text)
        if listed:
            yield frame(completion.chunk({"content": listed}))
        yield frame(_last_chunk(completion, reply, text))
        if usage is not None:
            yield frame(completion.usage_chunk(usage(text + (listed or ""))))
        yield DONE
    except ClientGone:
        _log.info("a client left in mid-stream")
    except Stopping:
        yield frame(error_body(stopping()))
    except Exception:
        _log.exception("a stream failed")
        yield frame(error_body(_BROKE_OFF))


def _events(reply: Reply) -> Generator[bytes]:
    if reply.asked.sources == "events":
        for source in reply.sources:
            yield frame({"event": source_event(source)})
    elif reply.asked.sources == "result":
        yield frame({"event": {"type": "result", "data": result_to_dict(reply.result)}})


def _last_chunk(completion: Completion, reply: Reply, text: str) -> dict[str, object]:
    named = reply.annotations(text)
    delta: dict[str, object] = {} if named is None else {"content": "", "annotations": named}
    return completion.chunk(delta, "stop", qa=retrieval_of(reply.result, generated=reply.generated))


def _watched(reply: Reply, watch: Watch) -> Generator[str]:
    """Go through the pieces of a reply, and end it when nobody is there."""
    with closing(reply.pieces()) as pieces:
        for piece in pieces:
            watch.check()
            if piece:
                yield piece
