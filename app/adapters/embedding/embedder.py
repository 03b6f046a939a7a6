"""Embedding off the event loop, so that neither requests nor questions wait for documents."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from app.adapters.embedding import export
from app.adapters.embedding.export import Export
from app.adapters.embedding.network import Network, Vectors

_BATCH = 16  # passages of similar length at a time
_RECENT = 64  # questions whose vectors are remembered


class OnnxEmbedder:
    """Turns texts into vectors of length 1. Questions have a thread of their own."""

    def __init__(self, said: Export, languages: frozenset[str], network: Network) -> None:
        self.model = said.name
        self.languages = languages
        self._said = said
        self._network = network
        self._recent: dict[str, Vectors] = {}
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="eva-embed-question")
        self._passages = ThreadPoolExecutor(1, thread_name_prefix="eva-embed-passages")

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text, one at least; documents take turns batch by batch."""
        loop = asyncio.get_running_loop()
        prompted = [self._said.passage_prompt + text for text in texts]
        by_length = sorted(range(len(prompted)), key=lambda n: len(prompted[n]))
        done: list[Vectors] = []
        for start in range(0, len(prompted), _BATCH):
            some = [prompted[n] for n in by_length[start : start + _BATCH]]
            done.append(await loop.run_in_executor(self._passages, self._network.vectors, some))
        vectors: Vectors = np.concatenate(done)[np.argsort(by_length)]
        return vectors

    async def embed_question(self, text: str) -> Vectors:
        """Return the vector of a question; each of several spaces asks for the same one."""
        found = self._recent.get(text)
        if found is None:
            asked = [self._said.question_prompt + text]
            loop = asyncio.get_running_loop()
            vectors = await loop.run_in_executor(self._questions, self._network.vectors, asked)
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            found = self._recent[text] = vectors[0]
        return found

    async def close(self) -> None:
        """Wait for what runs."""
        for pool in (self._questions, self._passages):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)


@contextlib.asynccontextmanager
async def open_embedder(folder: Path, *, languages: Sequence[str]) -> AsyncIterator[OnnxEmbedder]:
    """Load the model of a folder, trained for these languages; raises UnusableEmbedderError."""
    said = await asyncio.to_thread(export.read, folder)
    network = await asyncio.to_thread(Network, said)
    embedder = OnnxEmbedder(said, frozenset(languages), network)
    try:
        yield embedder
    finally:
        await embedder.close()
