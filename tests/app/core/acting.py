"""What tests of use cases do again and again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from app.core import documents, queries, spaces, uploads
from app.core.access import Principal
from app.core.errors import LeaseLostError
from app.core.live import Live
from app.core.models import Answer, DocumentStatus, JobKind, Lease, Query
from app.core.ports import Ports
from app.worker import handlers

LEASE_S = 30.0
PASSPORT = (
    "A passport is valid for ten years. The fee for an adult passport is 160 dollars. "
    "Applications are processed within twenty business days."
)


async def chunks(data: bytes, size: int = 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def file(text: str | bytes, name: str = "note.txt", *, max_bytes: int = 1 << 20) -> uploads.File:
    data = text.encode() if isinstance(text, str) else text
    return uploads.File(filename=name, data=chunks(data), max_bytes=max_bytes)


def said(title: str = "note", **metadata: Any) -> documents.Description:
    return documents.Description(title=title, metadata=metadata, tags=("t",))


async def space(ports: Ports, principal: Principal, name: str = "space") -> str:
    return (await spaces.create(ports, principal, spaces.SpaceContent(name=name))).value.id


async def upload(
    ports: Ports, principal: Principal, space_id: str, text: str | bytes, **metadata: Any
) -> str:
    """Upload a text and index it; return the document's id."""
    uploaded = await uploads.upload(
        ports, principal, space_id, file(text), lambda: said(**metadata)
    )
    await work(ports)
    document_id = uploaded.document.value.id
    found = await documents.get(ports, principal, document_id)
    assert found.value.latest.status is DocumentStatus.READY, found.value.latest.reason
    return document_id


async def work(ports: Ports, live: Live | None = None, kinds: Sequence[JobKind] = ()) -> int:
    """Do all jobs that are due, here and now; return how many there were."""
    doing: Mapping[JobKind, Any] = handlers(live or Live())
    done = 0
    while lease := await ports.jobs.claim(kinds or tuple(JobKind), worker="test", lease_s=LEASE_S):
        await doing[lease.job.kind].do(ports, lease)
        done += 1
    return done


async def lapse(ports: Ports, lease: Lease) -> None:
    """Let a lease end now, if its job is still there."""
    with suppress(LeaseLostError):
        await ports.jobs.extend(lease, lease_s=0)


async def do(ports: Ports, lease: Lease) -> None:
    """Do one claimed job."""
    await handlers(Live())[lease.job.kind].do(ports, lease)


async def ask_now(
    ports: Ports, principal: Principal, space_ids: Sequence[str], question: str
) -> Answer:
    """Ask and answer ahead of all other jobs; return the answer."""
    asked = queries.Asked(space_ids=tuple(space_ids), question=question)
    accepted = await queries.ask(ports, principal, asked)
    await work(ports, kinds=(JobKind.ANSWER,))
    found = await queries.get(ports, principal, accepted.query.value.id)
    assert found.value.answer is not None
    return found.value.answer


async def ask(
    ports: Ports, principal: Principal, space_ids: Sequence[str], question: str, **more: Any
) -> Query:
    """Ask, answer, and return the query as it ended."""
    asked = queries.Asked(space_ids=tuple(space_ids), question=question, **more)
    accepted = await queries.ask(ports, principal, asked)
    await work(ports)
    return (await queries.get(ports, principal, accepted.query.value.id)).value
