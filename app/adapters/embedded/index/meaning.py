"""Vectors of passages and questions, where an embedder knows their language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from app.core.language import detect

Vectors: TypeAlias = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors of length 1, as `app.adapters.embedding` does."""

    @property
    def model(self) -> str:
        """Return what names the model: vectors of different ones don't compare."""

    @property
    def languages(self) -> frozenset[str]:
        """Return the languages that the model was trained for."""

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text, one at least."""

    async def embed_question(self, text: str) -> Vectors:
        """Return the vector of a question."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors to be stored: who made them, and 32-bit floats row by row."""

    model: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an embedder, if there is one, adds to words; `near` is when its cosine says enough."""

    embedder: Embedder | None
    near: float | None = None

    @property
    def model(self) -> str | None:
        """Return whose vectors count."""
        return None if self.embedder is None else self.embedder.model

    async def of_passages(self, texts: Sequence[str], language: str) -> Embedded | None:
        """Return the vectors of a version's passages."""
        if self.embedder is None or language not in self.embedder.languages or not texts:
            return None
        vectors = await self.embedder.embed_passages(texts)
        return Embedded(self.embedder.model, vectors.astype("<f4").tobytes())

    async def of_question(self, question: str) -> Vectors | None:
        """Return the vector of a question."""
        if self.embedder is None or detect(question) not in self.embedder.languages:
            return None
        vector = await self.embedder.embed_question(question)
        return vector if vector.any() else None


def stacked(parts: Sequence[Vectors | None], counts: npt.NDArray[np.int64]) -> Vectors:
    """Return all vectors, zeros for passages that have none; no columns if none has."""
    width = max((part.shape[1] for part in parts if part is not None), default=0)
    whole = np.zeros((int(counts.sum()), width), np.float32)
    for part, end in zip(parts, np.cumsum(counts).tolist(), strict=True):
        if part is not None and part.shape[1] == width:
            whole[end - len(part) : end] = part
    return whole
