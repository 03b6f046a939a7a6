"""The passage indexes that the contract runs against; a new backend is one more entry."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from app.adapters.embedded.index import open_index
from app.core.ports import PassageIndex

T = TypeVar("T")


class Here:
    """Runs a function in this process: what a sandbox does, without the walls."""

    async def run(self, function: Callable[..., T], *args: object, timeout_s: float) -> T:
        """Return the function's result."""
        assert timeout_s > 0
        return function(*args)


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[PassageIndex]:
    async with open_index(folder / "index", Here()) as index:
        yield index


INDEXES: dict[str, Callable[[Path], AbstractAsyncContextManager[PassageIndex]]] = {
    "embedded": _embedded,
}
