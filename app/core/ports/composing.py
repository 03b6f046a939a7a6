"""Writing an answer from passages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from app.core.ports.search import Candidate, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its fused score (0..1) and its coverage of the question (0..1)."""

    candidate: Candidate
    score: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a composer may use: the question and the ranked passages (best first).

    Where not `by_words`, the passages hold too few of the question's words to pick sentences by.
    """

    question: str
    language: str
    found: Found
    ranked: tuple[Ranked, ...]
    answer_language_only: bool = True
    by_words: bool = True


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a model has read and written for an answer so far; `estimated` until it says so."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False


class ComposingFailedError(Exception):
    """The composer can't go on, and would not if it were asked again: `reason` says why.

    No client sees it: an answer can be made without this composer.
    """

    def __init__(self, reason: Literal["content-filter", "length", "refused", "malformed"]) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer(Protocol):
    """Writes an answer from ranked passages. What it claims is checked before anyone sees it."""

    @property
    def name(self) -> str:
        """Return what it is called in answers."""

    def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        """Yield the sentences of an answer in order; none if the material holds none.

        What was spent is told again whenever more is known: the last holds, wherever it ends.
        Raises ComposingFailedError or UnavailableError, possibly after some sentences.
        """
