"""Reads an answer while it is written: a sentence is there as soon as its object is closed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.ports import ComposingFailedError

_MOST_CHARACTERS = 65_536  # of an answer; no honest one comes near
_OPENING = re.compile(r'\s*\{\s*"sentences"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote, and the number of the passage that it is said to be from."""

    passage: int
    quote: str


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as the model wrote it."""

    text: str
    citations: tuple[Cited, ...]


class SentenceReader:
    """Takes the answer piece by piece. What is not the form agreed on is ComposingFailedError."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0  # up to here, sentences have been read

    def feed(self, piece: str) -> Iterator[Said]:
        """Take a piece; yield the sentences that it completed."""
        self._text += piece
        if len(self._text) > _MOST_CHARACTERS:
            raise ComposingFailedError("malformed")
        if "}" not in piece:
            return
        if self._at == 0:
            opening = _OPENING.match(self._text)
            if opening is None:
                return
            self._at = opening.end()
        while (found := self._next()) is not None:
            yield found

    def finish(self) -> None:
        """Require that the answer is whole."""
        try:
            whole = json.loads(self._text)
        except ValueError:
            raise ComposingFailedError("malformed") from None
        if not isinstance(whole, dict) or not isinstance(whole.get("sentences"), list):
            raise ComposingFailedError("malformed")
        if whole["sentences"] and self._at == 0:  # in a form that the opening does not match
            raise ComposingFailedError("malformed")

    def _next(self) -> Said | None:
        between = _BETWEEN.match(self._text, self._at)
        start = between.end() if between else self._at
        if not self._text.startswith("{", start):
            return None
        try:
            found, self._at = _DECODER.raw_decode(self._text, start)
        except ValueError:  # not closed yet
            return None
        return _said(found)


def _said(found: dict[str, Any]) -> Said:
    try:
        citations = tuple(_cited(one) for one in found["citations"])
        text = found["text"]
    except (KeyError, TypeError):
        raise ComposingFailedError("malformed") from None
    if not isinstance(text, str):
        raise ComposingFailedError("malformed")
    return Said(text, citations)


def _cited(found: dict[str, Any]) -> Cited:
    passage, quote = found["passage"], found["quote"]
    if type(passage) is not int or not isinstance(quote, str):
        raise TypeError(found)
    return Cited(passage, quote)
