"""Writing an answer from passages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from app.core.ports.search import Candidate, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its fused score (0..1) and its coverage of the question (0..1)."""

    candidate: Candidate
    score: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a composer may use: the question and the ranked passages (best first)."""

    question: str
    language: str
    found: Found
    ranked: tuple[Ranked, ...]
    answer_language_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The span `start:end` (document offsets) of `ranked[index]`, said to read `quote`."""

    index: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A composed sentence and what it rests on: spans of ranked passages, in character offsets."""

    text: str
    supports: tuple["Support", ...]


class Composer(Protocol):
    """Writes an answer from ranked passages. What it claims is checked before anyone sees it."""

    name: str

    def compose(self, material: Material) -> AsyncIterator[Claim]:
        """Yield the sentences of an answer in order; none if the material holds none."""
