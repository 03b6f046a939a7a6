"""What was deleted while an answer was made is found when the answer is kept, and withheld."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.core import documents, erasure, queries
from app.core.access import Principal
from app.core.errors import NotFoundError, StaleEtagError
from app.core.kinds import DOCUMENTS, QUERIES, SPACES
from app.core.models import Partition, Query, Stored
from app.core.ports import MOST_CHANGES, Change, Look, Ports, Put, Remove


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


async def committed(ports: Ports, put: Put, *changes: Change) -> Stored[Query]:
    """Commit a query with its answer, and what else there is; return the query as it stands.

    What was deleted while the answer was made is withheld. Raises what a commit does.
    """
    query: Query = put.value
    home = queries.place(query)
    looks = _looks(query, home)[: MOST_CHANGES - 1 - len(changes)]
    etag, *others = await ports.records.commit(home, put, *changes, *looks)
    seen = zip(looks, others[len(changes) :], strict=True)
    return await _withheld(ports, Stored(query, etag), {look.id: tag != "" for look, tag in seen})


def _looks(query: Query, home: Partition) -> list[Look]:
    """Return what tells in the commit itself which documents beside the query are alive."""
    cited = query.answer.citations if query.answer else ()
    ids = dict.fromkeys(c.document_id for c in cited if c.space_id == home.space_id)
    return [Look(kind=DOCUMENTS, id=id_, where=documents.ALIVE) for id_ in ids]


async def _withheld(
    ports: Ports, stored: Stored[Query], known: Mapping[str, bool]
) -> Stored[Query]:
    """Withhold what was deleted; `known` says of documents whether they are alive."""
    query = stored.value
    answer = query.answer
    if answer is None:
        return stored
    for space_id in dict.fromkeys(c.space_id for c in answer.citations):
        cited = {c.document_id for c in answer.citations if c.space_id == space_id}
        place = Partition(query.tenant_id, space_id)
        alive = {id_ for id_ in cited if known.get(id_)}
        if unknown := sorted(cited - known.keys()):
            found = await ports.records.get_many(DOCUMENTS, place, unknown)
            alive |= {id_ for id_, one in found.items() if one.value.deleted_at is None}
        for document_id in sorted(cited - alive):
            answer = erasure.without(answer, document_id)
    if answer is query.answer:
        return stored
    return await _replaced(ports, stored, replace(query, answer=answer))


async def _replaced(ports: Ports, stored: Stored[Query], shown: Query) -> Stored[Query]:
    place = queries.place(shown)
    try:
        [etag] = await ports.records.commit(
            place, Put(kind=QUERIES, value=shown, if_etag=stored.etag)
        )
    except StaleEtagError:  # the erasure came first and did the same
        again = await ports.records.get(QUERIES, place, shown.id)
        return again or Stored(shown, stored.etag)
    return Stored(shown, etag)
