"""An embedder without a model: texts of the same letters mean the same."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from app.adapters.embedded.index.meaning import Vectors


class LetterEmbedder:
    """Counts the letters a to z."""

    model = "letters"
    languages = frozenset({"en"})

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return counts, made to have the length 1."""
        counts = np.array([[text.count(c) for c in ascii_lowercase] for text in texts], np.float32)
        vectors: Vectors = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)
        return vectors

    async def embed_question(self, text: str) -> Vectors:
        """Return the counts of one text."""
        vectors = await self.embed_passages([text])
        vector: Vectors = vectors[0]
        return vector
