"""Versions of a document: indexed beside the visible one, never mixed up."""

import asyncio

import pytest

from app.core import documents, uploads
from app.core.access import Principal
from app.core.errors import (
    ConflictError,
    StaleEtagError,
)
from app.core.models import DocumentStatus, FailureReason, JobKind
from app.core.ports import Ports
from tests.app.core import acting


async def test_two_versions_uploaded_at_once_keep_each_its_own_bytes(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, "the first")
    texts = [f"version of {n}" * 500 for n in range(4)]
    await asyncio.gather(
        *(uploads.upload_version(ports, alice, document_id, acting.file(t)) for t in texts)
    )
    found = (await documents.get(ports, alice, document_id)).value
    stored = set()
    for version in found.versions[1:]:
        parts = documents.download(ports, found, version)
        stored.add(b"".join([part async for part in parts]).decode())
    assert stored == set(texts)
    assert [v.number for v in found.versions] == [1, 2, 3, 4, 5]


async def test_a_new_version_replaces_the_visible_one_only_once_it_is_ready(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await uploads.upload_version(
        ports, alice, document_id, acting.file("A passport is valid for five years.")
    )
    before = await acting.ask_now(ports, alice, [space_id], "How long is a passport valid?")
    assert "ten years" in before.text
    await acting.work(ports)
    after = await acting.ask_now(ports, alice, [space_id], "How long is a passport valid?")
    assert "five years" in after.text
    assert {c.version for c in after.citations} == {2}


async def test_a_new_version_that_fails_leaves_the_old_one_visible(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await uploads.upload_version(ports, alice, document_id, acting.file(b"  \n \n "))
    await acting.work(ports)
    found = (await documents.get(ports, alice, document_id)).value
    assert found.current == 1
    assert found.latest.status is DocumentStatus.FAILED
    assert found.latest.reason is FailureReason.EMPTY
    answer = await acting.ask_now(ports, alice, [space_id], "How long is a passport valid?")
    assert "ten years" in answer.text


async def test_an_older_version_that_is_ready_late_does_not_replace_a_newer_one(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, "one")
    await uploads.upload_version(ports, alice, document_id, acting.file("two is newer"))
    older = await ports.jobs.claim((JobKind.INGEST,), worker="slow", lease_s=30)
    await uploads.upload_version(ports, alice, document_id, acting.file("three is newest"))
    await acting.work(ports)
    assert older is not None
    await acting.do(ports, older)
    found = (await documents.get(ports, alice, document_id)).value
    assert found.current == 3
    assert [v.status for v in found.versions] == [DocumentStatus.READY] * 3


async def test_a_document_that_is_being_read_is_not_read_twice(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    uploaded = await uploads.upload(ports, alice, space_id, acting.file("text"), acting.said)
    with pytest.raises(ConflictError, match="pending"):
        await uploads.reindex(ports, alice, uploaded.document.value.id)


async def test_reading_a_document_again_keeps_it_answerable(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await uploads.reindex(ports, alice, document_id)
    question = "How long is a passport valid?"
    assert "ten years" in (await acting.ask_now(ports, alice, [space_id], question)).text
    await acting.work(ports)
    assert "ten years" in (await acting.ask_now(ports, alice, [space_id], question)).text
    assert await ports.index.count(alice.space(space_id)) == 1


async def test_a_version_on_a_stale_read_is_refused(ports: Ports, alice: Principal) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, "one")
    with pytest.raises(StaleEtagError):
        await uploads.upload_version(
            ports, alice, document_id, acting.file("two"), if_etag="not this one"
        )
    assert len((await documents.get(ports, alice, document_id)).value.versions) == 1
