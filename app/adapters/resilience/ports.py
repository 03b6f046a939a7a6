"""Ports behind guards: which guard, and in which manner each of their methods is called."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

from app.adapters.methods import public_methods
from app.adapters.resilience.guard import Guard, Manner
from app.core.ports import Ports

T = TypeVar("T")
# Waiting is what these are for: no deadline of a call, no place of one.
_UNGUARDED = frozenset({"wait"})
_READ = Manner(repeatable=True)
_MANNERS: Mapping[str, Manner] = {
    **dict.fromkeys(
        (
            *("records.get", "records.get_many", "records.find", "records.page"),
            *("records.count", "records.tenants", "keys.find_key", "blobs.info"),
            *("blobs.read_range", "blobs.read_text", "blobs.count"),
            *("index.search", "index.count"),
            *("jobs.depth", "jobs.waiting", "jobs.dead", "audit.events"),
        ),
        _READ,
    ),
    # Each replaces what it did before, so that doing it again does no harm.
    **dict.fromkeys(
        ("index.stage", "index.activate", "index.describe"), Manner(repeatable=True, long=True)
    ),
    **dict.fromkeys(
        (
            *("index.remove", "index.drop", "blobs.delete", "blobs.drop", "blobs.discard"),
            "records.erase",
        ),
        Manner(repeatable=True, long=True),
    ),
    # Search goes on without, by words: it may not wait as long as search itself.
    "embedder.embed_question": Manner(repeatable=True, soon=True),
    "embedder.embed_passages": Manner(repeatable=True, long=True),
    **dict.fromkeys(("blobs.put", "blobs.local", "audit.verify", "audit.flush"), Manner(long=True)),
}
_USUAL = Manner()


def guarded(ports: Ports, guards: Mapping[str, Guard]) -> Ports:
    """Return the ports, those named in `guards` behind theirs; several may share one."""
    watched = {
        name: behind(getattr(ports, name), name, guard)
        for name, guard in guards.items()
        if getattr(ports, name) is not None
    }
    return replace(ports, **cast("Any", watched))


def behind(adapter: T, name: str, guard: Guard) -> T:
    """Return an adapter behind a guard; `name` is the port's, or what else it is called."""
    return cast("T", _Guarded(adapter, name, guard))


class _Guarded:
    """An adapter whose asynchronous methods go through a guard; everything else is its own."""

    def __init__(self, inner: object, port: str, guard: Guard) -> None:
        self._inner = inner
        for name, method in public_methods(inner):
            if name in _UNGUARDED:
                continue
            manner = _MANNERS.get(f"{port}.{name}", _USUAL)
            if inspect.isasyncgenfunction(method):
                setattr(self, name, _stream(method, guard, manner))
            elif inspect.iscoroutinefunction(method):
                setattr(self, name, _call(method, guard, manner))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the adapter has
        return getattr(self._inner, name)


def _call(
    method: Callable[..., Awaitable[Any]], guard: Guard, manner: Manner
) -> Callable[..., Awaitable[Any]]:
    async def called(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - the method's own
        return await guard.call(lambda: method(*args, **named), manner)

    return called


def _stream(
    method: Callable[..., AsyncIterator[Any]], guard: Guard, manner: Manner
) -> Callable[..., AsyncIterator[Any]]:
    def streamed(*args: Any, **named: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as above
        return guard.stream(lambda: method(*args, **named), manner)

    return streamed
