"""What was deleted while an answer was made is found once the answer is durable, and withheld."""

from collections.abc import Sequence
from dataclasses import replace

from app.core import erasure, queries
from app.core.access import Principal
from app.core.errors import NotFoundError, StaleEtagError
from app.core.kinds import DOCUMENTS, QUERIES, SPACES
from app.core.models import Partition, Query, Stored
from app.core.ports import Ports, Put, Remove


async def require_visible(
    ports: Ports, principal: Principal, query: Query, changes: Sequence[Put]
) -> None:
    """Raise NotFoundError if the principal does not see the query's spaces any more.

    Nothing is left in a space that was deleted: its erasure may have looked before the query was
    there.
    """
    try:
        await queries.require_visible(ports, principal, query)
    except NotFoundError:
        home = queries.place(query)
        space = await ports.records.get(SPACES, Partition(query.tenant_id), home.space_id)
        if space is None or space.value.deleted_at is not None:
            gone = [Remove(kind=put.kind, id=put.value.id) for put in changes]
            await ports.records.commit(home, Remove(kind=QUERIES, id=query.id), *gone)
        raise


async def withheld(ports: Ports, stored: Stored[Query]) -> Stored[Query]:
    """Withhold what was deleted while the answer was made; return the query as it stands."""
    query = stored.value
    answer = query.answer
    if answer is None:
        return stored
    for space_id in dict.fromkeys(c.space_id for c in answer.citations):
        cited = {c.document_id for c in answer.citations if c.space_id == space_id}
        place = Partition(query.tenant_id, space_id)
        found = await ports.records.get_many(DOCUMENTS, place, sorted(cited))
        alive = {id_ for id_, one in found.items() if one.value.deleted_at is None}
        for document_id in sorted(cited - alive):
            answer = erasure.without(answer, document_id)
    if answer is query.answer:
        return stored
    shown = replace(query, answer=answer)
    try:
        [etag] = await ports.records.commit(
            queries.place(query), Put(kind=QUERIES, value=shown, if_etag=stored.etag)
        )
    except StaleEtagError:  # the erasure came first and did the same
        again = await ports.records.get(QUERIES, queries.place(query), query.id)
        return again or Stored(shown, stored.etag)
    return Stored(shown, etag)
