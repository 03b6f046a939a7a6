"""Checking what a composer claims against the stored sources, and numbering what holds.

A quote is compared with bytes of the stored text, never with what search returned.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from app.core.errors import NotFoundError
from app.core.models import Citation, Passage, Sentence
from app.core.ports import Candidate, Claim, Ranked, Support
from app.core.sanitising import sanitise

# Reads bytes `[start, end)` of the stored UTF-8 text of the candidate's version; NotFoundError when
# it has gone.
Reader: TypeAlias = Callable[[Candidate, int, int], Awaitable[bytes]]
_Span: TypeAlias = tuple[str, str, int, int, int]


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence as it may be shown, and the citations that it is the first to use."""

    sentence: Sentence
    fresh: tuple[Citation, ...]


@dataclass(slots=True)
class Citations:
    """The citations of one answer in the making, numbered in the order of their first use."""

    ranked: Sequence[Ranked]
    reader: Reader
    found: list[Citation] = field(default_factory=list)
    dropped: int = 0
    _numbers: dict[_Span, int] = field(default_factory=dict)
    _stored: dict[int, bytes] = field(default_factory=dict)

    @asynccontextmanager
    async def reading_ahead(self) -> AsyncIterator[None]:
        """Read the best passage, often the first to be quoted, while the claims are written.

        Nothing is checked with it: it brings the text near, for a look that is over sooner.
        """
        ahead = asyncio.create_task(self._fetch(0))
        try:
            yield
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)  # a check meets it again

    async def check(self, claim: Claim) -> Checked | None:
        """Return the claim as a sentence with the citations that hold.

        None when nothing is left to show: the text is empty, or was nothing but quotes that do
        not stand in the sources.
        """
        before = len(self.found)
        good = [support for support in claim.supports if await self._stands(support)]
        self.dropped += len(claim.supports) - len(good)
        quotes = " ".join(" ".join(s.quote for s in claim.supports).split())
        if not good and claim.supports and " ".join(claim.text.split()) == quotes:
            return None
        text = sanitise(claim.text, (r.candidate.passage.text for r in self.ranked))
        if not text:
            return None
        numbers = tuple(dict.fromkeys(self._number(support) for support in good))
        sentence = Sentence(text=text, citations=numbers, supported=bool(numbers))
        return Checked(sentence, tuple(self.found[before:]))

    async def _stands(self, support: Support) -> bool:
        """Tell whether the quote is what is stored at the span, inside a passage that was found."""
        if not 0 <= support.index < len(self.ranked):
            return False
        span = self.ranked[support.index].candidate.passage.span
        if not span.start <= support.start < support.end <= span.end:
            return False
        if len(support.quote) != support.end - support.start:
            return False
        start, end = byte_span(self.ranked[support.index].candidate.passage, support)
        stored = await self._read(support.index)
        return stored[start - span.byte_start : end - span.byte_start] == support.quote.encode()

    async def _read(self, index: int) -> bytes:
        """Return the passage's bytes, read once an answer; none if they have gone."""
        if index not in self._stored:
            try:
                self._stored[index] = await self._fetch(index)
            except NotFoundError:
                self._stored[index] = b""
        return self._stored[index]

    async def _fetch(self, index: int) -> bytes:
        candidate = self.ranked[index].candidate
        span = candidate.passage.span
        return await self.reader(candidate, span.byte_start, span.byte_end)

    def _number(self, support: Support) -> int:
        ranked = self.ranked[support.index]
        passage = ranked.candidate.passage
        home = (ranked.candidate.space_id, passage.document_id, passage.version)
        key = (*home, support.start, support.end)
        if key not in self._numbers:
            self._numbers[key] = len(self.found) + 1
            self.found.append(_citation(len(self.found) + 1, ranked, support))
        return self._numbers[key]


def byte_span(passage: Passage, support: Support) -> tuple[int, int]:
    """Return where the quote stands in the bytes of the document's text."""
    span = passage.span
    start = span.byte_start + len(passage.text[: support.start - span.start].encode())
    return start, start + len(support.quote.encode())


def _citation(number: int, ranked: Ranked, support: Support) -> Citation:
    passage = ranked.candidate.passage
    byte_start, byte_end = byte_span(passage, support)
    return Citation(
        number=number,
        space_id=ranked.candidate.space_id,
        document_id=passage.document_id,
        version=passage.version,
        title=passage.title,
        page=passage.span.page,
        section=passage.span.section,
        start=support.start,
        end=support.end,
        byte_start=byte_start,
        byte_end=byte_end,
        quote=support.quote,
        quote_sha256=hashlib.sha256(support.quote.encode()).hexdigest(),
        score=ranked.score,
    )
