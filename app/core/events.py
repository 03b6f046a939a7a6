"""The events of a query, the same whether told live or rebuilt from the stored answer.

`status` (1), `passages` (2), one `sentence` each, then `done` or `error`. A client that resumes
with the number of the last event it saw gets exactly those behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict

from app.core import queries
from app.core.access import Principal
from app.core.live import Event, Live
from app.core.models import Answer, Citation, Query, QueryStatus, Sentence
from app.core.ports import Ports

LAST = frozenset({"done", "error"})  # the names of the last event
_POLL_S = 0.2


def status(query: Query) -> Mapping[str, object]:
    """Return the data of the first event."""
    return {"query_id": query.id, "status": QueryStatus.PROCESSING.value}


def passages(count: int) -> Mapping[str, object]:
    """Return the data that tells how many passages the answer is made from."""
    return {"passages": count}


def sentence(said: Sentence, fresh: Sequence[Citation]) -> Mapping[str, object]:
    """Return the data of one checked sentence with the citations it is the first to use."""
    return {**asdict(said), "new_citations": [asdict(citation) for citation in fresh]}


def done(query: Query) -> Mapping[str, object]:
    """Return the data of the last event: how the query ended."""
    answer = query.answer
    return {
        "query_id": query.id,
        "status": query.status.value,
        "band": answer.band.value if answer else None,
        "coverage": answer.coverage if answer else None,
        "degraded": answer.degraded if answer else None,
    }


def failed(query: Query) -> Mapping[str, object]:
    """Return the data of the last event of a query that failed."""
    reason = query.reason.value if query.reason else "internal-error"
    return {"query_id": query.id, "code": "query-failed", "reason": reason}


def rebuilt(query: Query) -> Sequence[Event]:
    """Return all events of a query that has ended."""
    told: list[tuple[str, Mapping[str, object]]] = [("status", status(query))]
    if query.answer is not None:
        told.append(("passages", passages(query.answer.usage.passages)))
        told.extend(("sentence", data) for data in _sentences(query.answer))
    if query.status is QueryStatus.FAILED:
        told.append(("error", failed(query)))
    else:
        told.append(("done", done(query)))
    return [Event(number, name, data) for number, (name, data) in enumerate(told, 1)]


def _sentences(answer: Answer) -> list[Mapping[str, object]]:
    told: set[int] = set()
    data = []
    for said in answer.sentences:
        fresh = [c for c in answer.citations if c.number in said.citations and c.number not in told]
        told.update(c.number for c in fresh)
        data.append(sentence(said, fresh))
    return data


async def follow(
    ports: Ports, live: Live, principal: Principal, query_id: str, *, after: int = 0
) -> AsyncIterator[Event]:
    """Yield a query's events above `after`: live while it runs here, rebuilt once it ended.

    The last event always comes, even to a client that saw more events of a broken-off run.
    """
    last = after
    async for event in live.follow(query_id, after=after):
        last = event.number
        yield event
        if event.name in LAST:
            return
    *earlier, final = rebuilt(await _ended(ports, principal, query_id))
    for event in earlier:
        if event.number > last:
            last = event.number
            yield event
    yield Event(max(final.number, last + 1), final.name, final.data)


async def _ended(ports: Ports, principal: Principal, query_id: str) -> Query:
    """Return the query once it has ended, wherever it runs."""
    while True:
        found = await queries.get(ports, principal, query_id)
        if found.value.status in queries.ENDED:
            return found.value
        await asyncio.sleep(_POLL_S)
