"""Opening the index folder."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from app.adapters.embedded.index.index import EmbeddedPassageIndex, Means, Runner
from app.adapters.embedded.index.meaning import Meaning
from app.adapters.embedded.index.shelf import Bounds, Shelf

_FILES = 4  # that are open of a space: database (kept twice by SQLite), journal, shared memory
_USUAL = Bounds()
_WORDS_ALONE = Meaning(None)


@contextlib.asynccontextmanager
async def open_index(
    root: Path, runner: Runner, *, bounds: Bounds = _USUAL, meaning: Meaning = _WORDS_ALONE
) -> AsyncIterator[EmbeddedPassageIndex]:
    """Open the index folder, making it if it is missing; several processes may have it open.

    With an embedder, what is staged from now on is searched by meaning as well.
    """
    home = await asyncio.to_thread(_prepared, root)
    bounds = replace(bounds, most_open=_affordable(bounds.most_open))
    means = Means(runner, Shelf(bounds, meaning.model), meaning, bounds.busy_s)
    index = EmbeddedPassageIndex(home, means)
    try:
        yield index
    finally:
        await index.close()


def _prepared(root: Path) -> Path:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root.resolve()


def _affordable(spaces: int) -> int:
    """Return how many of so many spaces can be open at once.

    The process may then open as many files as they take, and as many again for all else; where
    the system allows fewer, spaces get half of them.
    """
    wanted = 2 * _FILES * spaces
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # the system has yet another limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
        return max(1, min(spaces, soft // (2 * _FILES)))
    return spaces
