"""One object of every kind in a space, put there without asking the operations under test."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core import keys
from app.core import models as m
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS, EXPLANATIONS, QUERIES, RECEIPTS, SPACES
from app.core.ports import BlobPart, Enqueue, Ports, Put
from tests.authz.makers import MEMBER, TEXT

Roles = Mapping[str, m.SpaceRole]  # of members, by their ids
_QUOTE = "Employees receive twenty-five vacation days per year."
_AT = TEXT.decode().index(_QUOTE)


async def planted(
    ports: Ports, tenant: str, *, elsewhere: str | None = None, members: Roles | None = None
) -> dict[str, str]:
    """Return the ids of new objects of a tenant.

    With `elsewhere`, one more query was asked of the new space and of that one. With `members`,
    their spaces are closed to others.
    """
    ids = missing()
    home, place = m.Partition(tenant), m.Partition(tenant, ids["space_id"])
    document = _document(place, ids["document_id"])
    asked = _query(place, ids["query_id"])
    answered = replace(asked, status=m.QueryStatus.COMPLETED, answer=_answer(document))
    queries = [answered, replace(asked, id=ids["running_query_id"])]
    if elsewhere is not None:
        both = (ids["space_id"], elsewhere)
        queries.append(replace(answered, id=new_id("qry"), space_ids=both))
    explanation = m.Explanation(
        id=asked.id, terms=(), candidates=(), stages_ms={}, passages_searched=0
    )
    lease = _lease(place, ids)
    spaces = [_space(tenant, ids[name], members) for name in ("space_id", "second_space_id")]
    receipt = _receipt(place, ids["receipt_id"])
    await ports.records.commit(
        home,
        *(Put(kind=SPACES, value=space) for space in spaces),
        Put(kind=RECEIPTS, value=receipt),
    )
    await ports.records.commit(
        place,
        Put(kind=DOCUMENTS, value=document),
        *(Put(kind=QUERIES, value=query) for query in queries),
        Put(kind=EXPLANATIONS, value=explanation),
        Enqueue(job=lease.job, lease=lease),
    )
    await ports.jobs.bury(lease, reason="internal-error")
    kept = keys.NewKey(name="kept", scopes=(m.Scope.SPACES_READ,), space_ids=(ids["space_id"],))
    issued = await keys.issue(ports, tenant, "test", kept, id_=f"key_{ids['key_id']}")
    return {**ids, "key_sha256": issued.key.value.secret_sha256}


def missing() -> dict[str, str]:
    """Return ids of the right form that nothing has."""
    return {
        "space_id": new_id("spc"),
        "second_space_id": new_id("spc"),
        "document_id": new_id("doc"),
        "query_id": new_id("qry"),
        "running_query_id": new_id("qry"),
        "key_id": new_id("key").removeprefix("key_"),
        "key_sha256": secrets.token_hex(32),
        "receipt_id": new_id("doc"),
        "job_id": new_id("job"),
    }


async def with_content(ports: Ports, tenant: str, ids: dict[str, str]) -> None:
    """Store the file of a planted document, and the text that was read from it."""
    ref = m.VersionRef(
        tenant_id=tenant, space_id=ids["space_id"], document_id=ids["document_id"], version=1
    )
    text_map = b'{"language": "en", "pages": [], "sections": []}'
    parts: dict[BlobPart, bytes] = {"original": TEXT, "text": TEXT, "map": text_map}
    for part, content in parts.items():
        await ports.blobs.put(ref, part, _once(content), max_bytes=len(content))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _space(tenant: str, id_: str, members: Roles | None) -> m.Space:
    now = datetime.now(UTC)
    roles = {MEMBER: m.SpaceRole.READER, **(members or {})}
    return m.Space(
        id=id_,
        tenant_id=tenant,
        name="x",
        created_at=now,
        updated_at=now,
        created_by="test",
        visibility=m.Visibility.TENANT if members is None else m.Visibility.MEMBERS,
        members=tuple(
            m.Member(principal_id=who, role=role, added_at=now, added_by="test")
            for who, role in roles.items()
        ),
    )


def _document(place: m.Partition, id_: str) -> m.Document:
    now = datetime.now(UTC)
    version = m.Version(
        number=1,
        filename="leave.md",
        media_type="text/markdown",
        size_bytes=len(TEXT),
        sha256=hashlib.sha256(TEXT).hexdigest(),
        created_at=now,
        created_by="test",
        status=m.DocumentStatus.READY,
        language="en",
        indexed_at=now,
    )
    return m.Document(
        id=id_,
        tenant_id=place.tenant_id,
        space_id=place.space_id,
        title="Leave",
        versions=(version,),
        current=1,
        created_at=now,
        updated_at=now,
        created_by="test",
    )


def _query(place: m.Partition, id_: str) -> m.Query:
    return m.Query(
        id=id_,
        tenant_id=place.tenant_id,
        space_ids=(place.space_id,),
        question="How many vacation days?",
        created_at=datetime.now(UTC),
        created_by="test",
    )


def _answer(document: m.Document) -> m.Answer:
    citation = m.Citation(
        number=1,
        space_id=document.space_id,
        document_id=document.id,
        version=1,
        title=document.title,
        page=None,
        section=None,
        start=_AT,
        end=_AT + len(_QUOTE),
        byte_start=_AT,
        byte_end=_AT + len(_QUOTE),
        quote=_QUOTE,
        quote_sha256=hashlib.sha256(_QUOTE.encode()).hexdigest(),
        score=1.0,
    )
    return m.Answer(
        band=m.Band.ANSWER,
        language="en",
        sentences=(m.Sentence(text=_QUOTE, citations=(1,)),),
        citations=(citation,),
        coverage=1.0,
    )


def _receipt(place: m.Partition, id_: str) -> m.Receipt:
    return m.Receipt(
        id=id_,
        tenant_id=place.tenant_id,
        space_id=place.space_id,
        subject="document",
        requested_at=datetime.now(UTC),
        requested_by="test",
    )


def _lease(place: m.Partition, ids: dict[str, str]) -> m.Lease:
    now = datetime.now(UTC)
    job = m.Job(
        id=ids["job_id"],
        kind=m.JobKind.INGEST,
        tenant_id=place.tenant_id,
        space_id=place.space_id,
        subject_id=ids["document_id"],
        created_at=now,
    )
    later = now + timedelta(seconds=60)
    return m.Lease(job=job, token=secrets.token_hex(8), attempt=1, expires_at=later)
