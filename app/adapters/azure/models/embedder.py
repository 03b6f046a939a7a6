"""Vectors by an embedding model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from openai import AsyncOpenAI
from openai.types import CreateEmbeddingResponse

from app.adapters.azure.models.failing import PROVIDER, model_errors
from app.core import genai
from app.core.errors import UnavailableError
from app.core.ports import ComposingFailedError

Vectors: TypeAlias = npt.NDArray[np.float32]

_BATCH = 64  # texts of a request; the service takes 2,048, and 300,000 tokens of them
_MOST_CHARACTERS = 8_000  # of a text: far below its 8,191 tokens in any language
_DEPENDENCY = "embeddings"
_OTHERWISE = (ComposingFailedError, AttributeError, TypeError, ValueError)  # not as agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEmbedder:
    """Turns texts into vectors of length 1, of a size that index and model agree on."""

    client: AsyncOpenAI
    deployment: str
    dimensions: int
    languages: frozenset[str] = frozenset({"en", "fr"})
    timeout_s: float = 15.0  # of a request

    @property
    def model(self) -> str:
        """Return what names the vectors: others don't compare."""
        return f"{self.deployment}/{self.dimensions}"

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text, one at least; UnavailableError."""
        rows = [
            await self._embed(texts[start : start + _BATCH])
            for start in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(rows)

    async def embed_question(self, text: str) -> Vectors:
        """Return the vector of a question; UnavailableError."""
        vector: Vectors = (await self._embed([text]))[0]
        return vector

    async def _embed(self, texts: Sequence[str]) -> Vectors:
        wanted = [text[:_MOST_CHARACTERS] or " " for text in texts]
        with genai.calling("embeddings", self.deployment, provider=PROVIDER) as call:
            try:
                with model_errors(_DEPENDENCY):
                    found = await self.client.embeddings.create(
                        model=self.deployment,
                        input=wanted,
                        dimensions=self.dimensions,
                        timeout=self.timeout_s,
                    )
                vectors = self._checked(found, len(wanted))
                call.input_tokens = found.usage.prompt_tokens
            except _OTHERWISE as error:
                raise UnavailableError(dependency=_DEPENDENCY, retry_after=1) from error
        return vectors

    def _checked(self, found: CreateEmbeddingResponse, many: int) -> Vectors:
        """Return unit rows in the order of the texts; an error of `_OTHERWISE` if there are none.

        The SDK checks no answer's form.
        """
        rows = sorted(found.data, key=lambda one: one.index)
        vectors = np.array([one.embedding for one in rows], np.float32)
        if vectors.shape != (many, self.dimensions):
            raise ValueError("other vectors than asked for")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(lengths > 0):  # what is no number is not either
            raise ValueError("vectors without a direction")
        units: Vectors = (vectors / lengths).astype(np.float32)
        return units
