"""What a reasoning model thinks aloud before its answer, which is no part of it."""

from __future__ import annotations

_OPENING = "<think>"
_CLOSING = "</think>"


class WithoutThoughts:
    """A filter over the pieces of a generated text that leaves out a `<think>` block at its beginning."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "beginning"

    def feed(self, piece: str) -> str:
        """Take a piece and give what of it belongs to the answer; nothing while that cannot be told."""
        if self._state == "answer":
            return piece
        self._held += piece
        if self._state == "beginning":
            begun = self._held.lstrip()
            if not begun.startswith(_OPENING[: len(begun)]):
                return self._answer(self._held)
            if len(begun) < len(_OPENING):
                return ""
            self._state, self._held = "thoughts", begun[len(_OPENING) :]
        _, closed, after = self._held.partition(_CLOSING)
        if closed:
            return self._answer(after.lstrip())
        # Only the beginning of the closing tag is worth keeping.
        self._held = self._held[-len(_CLOSING) :]
        return ""

    def finish(self) -> str:
        """Give what was held back and turned out to be no block."""
        return self._held if self._state == "beginning" else ""

    def _answer(self, text: str) -> str:
        self._state, self._held = "answer", ""
        return text
