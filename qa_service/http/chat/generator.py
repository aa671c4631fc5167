"""Asks a language model, if the user has one, over the OpenAI protocol; whatever goes wrong is one kind of error."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import threading
import time
from collections.abc import Generator as Generated
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from urllib.parse import unquote, urlsplit

import httpx2

from qa_service.config import Settings

POLL_SECONDS = 0.25
"""How often a waiting reader is given a turn, to see whether its own client is still there."""
_CONNECT_SECONDS = 5
_MOST_CONNECTIONS = 100
_MOST_WAITING = 1000
_ROOM_SECONDS = 0.02
_LONGEST_SECONDS = 300
_THOUGHTS = ("reasoning_content", "reasoning")
# What a server may say of the end of an answer that is not whole.
_CUT = ("length", "content_filter")
_log = logging.getLogger(__name__)
_Item = str | Exception | None


class GeneratorFailed(Exception):
    """The generator could not be reached, refused, broke off, or was silent for too long."""


class Generator:
    """A client of the configured server. Its calls run on an event loop of their own, where they can be cancelled."""

    def __init__(self, url: str, model: str, key: str | None, silence: float) -> None:
        # A user's name and password in the address would be in what the library logs of each request.
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        self._url = f"{url.replace(user + at, '', 1)}/chat/completions"
        name, _, password = user.partition(":")
        self._auth = (unquote(name), unquote(password)) if at else None
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._silence = silence
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx2.AsyncClient | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Generator | None:
        """Make the generator that the settings name, if any."""
        if settings.generator_url is None or settings.generator_model is None:
            return None
        key = settings.generator_key.get_secret_value() if settings.generator_key else None
        return cls(settings.generator_url, settings.generator_model, key, settings.generator_timeout)

    def stream(self, messages: Sequence[Mapping[str, str]]) -> Generated[str | None]:
        """Generate an answer, piece by piece.

        Parameters:
            messages: role and content of each.

        Returns:
            Pieces of text, and None every `POLL_SECONDS` while there is none. Closing the iterator ends the call to
            the server at once.

        Errors:
            GeneratorFailed: also in the middle, after pieces that stay said; or when nothing at all was said.
        """
        pieces: queue.Queue[_Item] = queue.Queue(_MOST_WAITING)
        call = asyncio.run_coroutine_threadsafe(self._receive(list(messages), pieces), self._running_loop())
        try:
            yield from self._pieces(pieces)
        finally:
            _cancel(call)

    def _pieces(self, pieces: queue.Queue[_Item]) -> Generated[str | None]:
        said = False
        began = time.monotonic()
        deadline = began + self._silence
        while True:
            try:
                item = pieces.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise GeneratorFailed(f"it said nothing for {self._silence:g} s") from None
                yield None
                continue
            if time.monotonic() > began + _LONGEST_SECONDS:
                raise GeneratorFailed(f"it was not done after {_LONGEST_SECONDS} s")
            if isinstance(item, Exception):
                raise GeneratorFailed(f"{type(item).__name__}: {item}") from item
            if item is None:
                if not said:
                    raise GeneratorFailed("its answer is empty")
                return
            said = said or bool(item.strip())
            deadline = time.monotonic() + self._silence
            yield item

    async def _receive(self, messages: list[Mapping[str, str]], pieces: queue.Queue[_Item]) -> None:
        try:
            assert self._client is not None
            body = {"model": self._model, "messages": messages, "stream": True}
            async with self._client.stream("POST", self._url, json=body, headers=self._headers) as response:
                if response.status_code != httpx2.codes.OK:
                    await _put(pieces, GeneratorFailed(f"it answered {response.status_code}"))
                    return
                finished = False
                async for event in httpx2.EventSource(response):
                    if event.data == "[DONE]":
                        finished = True
                        break
                    text, ended = _read_chunk(event.data)
                    finished = finished or ended
                    if text is not None:
                        await _put(pieces, text)
            await _put(pieces, None if finished else GeneratorFailed("it broke off"))
        except Exception as error:
            await _put(pieces, error)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                timeout = httpx2.Timeout(None, connect=_CONNECT_SECONDS)
                self._client = httpx2.AsyncClient(
                    timeout=timeout,
                    limits=httpx2.Limits(max_connections=_MOST_CONNECTIONS),
                    trust_env=False,
                    auth=self._auth,
                )
                threading.Thread(target=self._loop.run_forever, name="generator", daemon=True).start()
            return self._loop


async def _put(pieces: queue.Queue[_Item], item: _Item) -> None:
    """Hand an item over once there is room: a reader that is slower than the server slows it down."""
    while True:
        try:
            pieces.put_nowait(item)
        except queue.Full:
            await asyncio.sleep(_ROOM_SECONDS)
        else:
            return


def _cancel(call: Future[None]) -> None:
    if not call.done():
        call.cancel()


def _read_chunk(data: str) -> tuple[str | None, bool]:
    """Give the text of a chunk, empty while a model thinks aloud, and whether it says that the answer is complete."""
    chunk = json.loads(data)
    if not isinstance(chunk, dict):
        raise GeneratorFailed("it sent a frame that is no object")
    if chunk.get("error"):
        raise GeneratorFailed("it reported an error in its stream")
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return None, False
    if first.get("finish_reason") in _CUT:
        raise GeneratorFailed(f"it ended with {first['finish_reason']}")
    delta = first.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    thinks = isinstance(delta, dict) and any(delta.get(name) for name in _THOUGHTS)
    return (text if isinstance(text, str) else "" if thinks else None), bool(first.get("finish_reason"))
