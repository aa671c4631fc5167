"""The route of chat: from a request to a reply."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from qa_service.config import Settings
from qa_service.errors import NotFound
from qa_service.filters.parsing import parse_filter
from qa_service.http.chat import housekeeping
from qa_service.http.chat.clients import gone_check, is_open_webui
from qa_service.http.chat.completion import DONE, Completion, frame, usage_of
from qa_service.http.chat.conversation import Conversation, read_conversation, read_messages, wrong
from qa_service.http.chat.generator import Generator
from qa_service.http.chat.models import ChosenModel, choose_model, no_model
from qa_service.http.chat.phrases import phrases_for
from qa_service.http.chat.reply import Asked, Reply
from qa_service.http.chat.schemas import ChatOptions, ChatRequest, Sources
from qa_service.http.chat.stream import ClientGone, Stopping, Usage, Watch, streamed, whole
from qa_service.http.document import OPENAI, at_once_or_streamed, openai_errors
from qa_service.http.errors import error_response
from qa_service.http.host import current_engine, current_host
from qa_service.http.native import require_engine
from qa_service.http.renamed import renamed
from qa_service.http.scoped import Service
from qa_service.http.serialize import json_response
from qa_service.http.stopping import current_stop, stopping
from qa_service.http.streams import enter_stream
from qa_service.retrieval.following.cues import is_small_talk
from qa_service.types import Ask, Result

_STREAM_HEADERS = {"X-Accel-Buffering": "no"}
"""So that a proxy passes each piece on at once."""


def make_api(settings: Settings) -> APIBlueprint:
    """Make the blueprint of the route, with the generator that the settings name."""
    api = APIBlueprint("chat", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    generator = Generator.from_settings(settings)

    def chat(body: ChatRequest) -> Response:
        """Answer the last message of a conversation."""
        return _answer(body, generator)

    api.post(
        "/chat/completions",
        tags=[OPENAI],
        operation_id="chat",
        summary="Answer in a conversation",
        description="The answer with numbered marks and its sources, at once or as server-sent events. Background"
        " prompts of chat front ends (titles, tags, follow-ups) are answered without a search.",
        responses={
            200: at_once_or_streamed("ChatResponse", "The answer; with `stream`, as server-sent events."),
            **openai_errors(400, 401, 404, 503),
        },
    )(chat)
    return api


def _answer(body: ChatRequest, generator: Generator | None) -> Response:
    engine = current_engine()
    chosen = choose_model(engine, body.model)
    _check_options(body)
    messages = read_messages(body.messages)
    completion = Completion(body.model)
    usage = partial(usage_of, engine.encoder.count_tokens, [text for _, text in messages])
    # The page sends nothing but what people ask, which may well be such a prompt.
    task = None if _for_page(body) else housekeeping.recognise(messages)
    if task is not None:
        return _plain(body, completion, housekeeping.reply(task, messages), usage)
    conversation = read_conversation(body.messages, messages)
    if is_small_talk(conversation.question):
        return _plain(body, completion, phrases_for(conversation.question).greeting, usage)
    watch = Watch(gone_check(request.environ), current_stop().over.is_set)
    with ExitStack() as place:
        # Both hold their thread for as long as others like: a client that reads, or a generator that writes.
        if body.stream or generator is not None:
            place.callback(enter_stream())
        reply = _reply(engine, body, chosen, conversation, generator)
        if not body.stream:
            return _at_once(completion, reply, usage, watch)
        response = _event_stream(streamed(completion, reply, usage if _wants_usage(body) else None, watch))
        response.call_on_close(place.pop_all().close)
        return response


def _at_once(completion: Completion, reply: Reply, usage: Usage, watch: Watch) -> Response:
    try:
        return json_response(whole(completion, reply, usage, watch))
    except ClientGone:
        return Response(status=499)  # nobody reads it
    except Stopping:
        return error_response(stopping())


def _reply(
    engine: Service, body: ChatRequest, chosen: ChosenModel, conversation: Conversation, generator: Generator | None
) -> Reply:
    settings = current_host().settings
    options = body.qa or ChatOptions.model_validate({})
    sources = options.sources or _usual_sources(settings, body, chosen)
    with renamed(question="messages", history="messages"):
        result = _ask(engine, body.model, chosen, conversation, options, sources)
    asked = Asked(
        conversation=conversation,
        collection=chosen.collection.name,
        sources=sources,
        threshold=settings.min_confidence if options.min_confidence is None else options.min_confidence,
        base_url=settings.public_url or request.host_url.rstrip("/"),
        phrases=phrases_for(
            conversation.question, (turn.content for turn in reversed(conversation.history) if turn.role == "user")
        ),
        empty=chosen.collection.articles == 0,
    )
    return Reply(asked, result, generator)


def _ask(
    engine: Service,
    model: str,
    chosen: ChosenModel,
    conversation: Conversation,
    options: ChatOptions,
    sources: Sources,
) -> Result:
    ask = Ask(
        question=conversation.question,
        collection=chosen.collection.name,
        top_k=options.top_k,
        min_confidence=options.min_confidence,
        explain=sources == "result",
        # A page that marks sentences goes by offsets, which are the original's.
        text_form="original" if sources == "result" else None,
        filters=None if options.filters is None else parse_filter(options.filters, field="qa.filters"),
        history=conversation.history,
    )
    try:
        return engine.ask(ask)
    except NotFound:
        raise no_model(model) from None


def _usual_sources(settings: Settings, body: ChatRequest, chosen: ChosenModel) -> Sources:
    if chosen.events:
        return "events"
    if settings.chat_sources != "auto":
        return settings.chat_sources
    return "events" if is_open_webui(body.tools) else "annotations"


def _check_options(body: ChatRequest) -> None:
    """Refuse what cannot be had; offers of tools are no more than offers, and stay unused."""
    if body.n not in (None, 1):
        raise wrong("n", "must be 1: there is one answer", "leave it out")
    if body.tool_choice not in (None, "auto", "none"):
        raise wrong("tool_choice", "asks for a tool, and none is ever called here", "leave it out, or use none")


def _for_page(body: ChatRequest) -> bool:
    return body.qa is not None and body.qa.sources == "result"


def _wants_usage(body: ChatRequest) -> bool:
    return bool(body.stream_options and body.stream_options.include_usage)


def _plain(body: ChatRequest, completion: Completion, text: str, usage: Usage) -> Response:
    """Reply to what is no question: a background prompt of the client, or small talk."""
    if not body.stream:
        return json_response(completion.whole(text, [], usage(text)))
    frames = [
        frame(completion.chunk({"role": "assistant", "content": text})),
        frame(completion.chunk({}, "stop")),
        *([frame(completion.usage_chunk(usage(text)))] if _wants_usage(body) else []),
        DONE,
    ]
    return _event_stream(frames)


def _event_stream(frames: Iterable[bytes]) -> Response:
    return Response(frames, content_type="text/event-stream; charset=utf-8", headers=_STREAM_HEADERS)
