"""Searchable passages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.core.filters import Attributes, Filter
from app.core.models import (
    Extraction,
    Partition,
    Passage,
    VersionRef,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A passage that search proposes. Scores are raw; `ranking.fuse` makes them comparable.

    `matched` are indexes into `Found.terms`. `similarity` is a cosine in 0..1.
    """

    passage: Passage
    space_id: str
    lexical: float
    similarity: float
    matched: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What search returned: the question's analysed terms with their idf, and candidates.

    A term that the space does not know weighs ln(N + 1), N its passages. `words_alone` tells that
    the meaning was to be searched for too, but could not be. `near` is the similarity from which a
    passage is near the question's meaning whatever its words; None if meaning says nothing of that.
    """

    terms: tuple[tuple[str, float], ...]
    candidates: tuple[Candidate, ...]
    passages_searched: int
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    words_alone: bool = False
    near: float | None = None


class PassageIndex(Protocol):
    """Searchable passages, one index a space."""

    async def stage(self, ref: VersionRef, title: str, extraction: Extraction) -> int:
        """Index a version beside what is visible; return how many passages it has.

        What is staged is invisible. Staging again replaces what was staged before; staging the
        visible version again (a re-index) leaves the visible one as it is until `activate`.
        """

    async def activate(self, ref: VersionRef, attributes: Attributes) -> None:
        """Make a staged version the only visible one of its document, atomically. Idempotent.

        A version older than the visible one stays unseen, and what was staged of it goes.
        """

    async def describe(
        self, partition: Partition, document_id: str, title: str, attributes: Attributes
    ) -> None:
        """Replace what a visible document is titled and filtered by; absent is no error."""

    async def remove(self, partition: Partition, document_id: str) -> int:
        """Remove every version of a document; return how many passages went."""

    async def drop(self, partition: Partition) -> int:
        """Remove a space's whole index; return how many passages it had."""

    async def count(self, partition: Partition, document_id: str | None = None) -> int:
        """Return how many passages (visible and staged) a space or document has."""

    async def search(
        self, partition: Partition, question: str, *, limit: int, where: Filter | None = None
    ) -> Found:
        """Return the best candidates of a space among visible passages that pass the filter.

        Both legs are searched; every candidate carries both scores. A space without an index
        finds nothing.
        """

    async def ping(self) -> None:
        """Raise UnavailableError if the index can't be used."""


class Analyzer(Protocol):
    """Turns text into index terms: folded, stemmed, without stop words, in text order."""

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text, repeated as they occur; cheap, synchronous."""
