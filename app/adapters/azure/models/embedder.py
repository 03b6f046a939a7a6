"""Vectors by an embedding model."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from openai import AsyncOpenAI

from app.adapters.azure.models.failing import PROVIDER, model_errors
from app.core import genai
from app.core.errors import UnavailableError
from app.core.ports import ComposingFailedError

Vectors: TypeAlias = npt.NDArray[np.float32]

_BATCH = 64  # texts of a request; the service takes 2,048, and 300,000 tokens of them
_MOST_CHARACTERS = 8_000  # of a text: far below its 8,191 tokens in any language
_DEPENDENCY = "embeddings"
_OTHERWISE = (ComposingFailedError, LookupError, TypeError, ValueError)  # not as agreed


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
                    found = await self._asked(wanted)
                vectors = self._checked(found, len(wanted))
                call.input_tokens = index(found["usage"]["prompt_tokens"])
            except _OTHERWISE as error:
                raise UnavailableError(dependency=_DEPENDENCY, retry_after=1) from error
        return vectors

    async def _asked(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - whatever it answers
        """Return the answer as JSON says it: the SDK's models cost more, and check no form."""
        return await self.client.post(
            "/embeddings",
            cast_to=object,
            body={
                "model": self.deployment,
                "input": texts,
                "dimensions": self.dimensions,
                "encoding_format": "base64",
            },
            options={"security": {"bearer_auth": True}, "timeout": self.timeout_s},
        )

    def _checked(self, found: Any, many: int) -> Vectors:  # noqa: ANN401 - as above
        """Return unit rows in the order of the texts; an error of `_OTHERWISE` without them."""
        rows = sorted(found["data"], key=lambda one: one["index"])
        vectors = np.array([_numbers(one["embedding"]) for one in rows], np.float32)
        if vectors.shape != (many, self.dimensions):
            raise ValueError("other vectors than asked for")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(lengths > 0):  # what is no number is not either
            raise ValueError("vectors without a direction")
        units: Vectors = (vectors / lengths).astype(np.float32)
        return units


def _numbers(said: Any) -> Any:  # noqa: ANN401 - numpy checks it
    """Return a vector's numbers: told as the bytes of floats, by some services one by one."""
    return np.frombuffer(base64.b64decode(said), "<f4") if isinstance(said, str) else said
