"""Vectors without a model: words and their character n-grams, each at a place by its hash."""

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.core.language import STOP_WORDS, fold

Vectors = npt.NDArray[np.float32]
_WORD = re.compile(r"[^\W_]+")
_STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]


class WordEmbedder:
    """An embedder that knows spelling and no meaning; the same on every machine."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    async def embed_question(self, text: str) -> Vectors:
        return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        words = [word for word in _WORD.findall(text.lower()) if word not in _STOP]
        counts = Counter(gram for word in words for gram in _grams(fold(word)))
        vector = np.zeros(self._dimensions, np.float32)
        for gram, often in counts.items():
            place = zlib.crc32(gram.encode())
            sign = 1 if place >> 31 else -1
            vector[place % self._dimensions] += (1 + math.log(often)) * sign
        unit: Vectors = vector / (float(np.linalg.norm(vector)) or 1.0)
        return unit


def _grams(word: str) -> list[str]:
    marked = f"<{word}>"
    sizes = (3, 4, 5)
    return [word] + [marked[n : n + size] for size in sizes for n in range(len(marked) - size + 1)]
