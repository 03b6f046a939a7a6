"""Blobs that no document tells of do not stay."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core import documents, uploads
from app.core.access import Principal
from app.core.errors import InvalidInputError
from app.core.ids import new_id
from app.core.models import Partition, VersionRef
from app.core.ports import Ports
from app.core.sweeping import AGE, sweep
from tests.app.core import acting

LATER = AGE + timedelta(hours=1)


async def orphan(ports: Ports, ref: VersionRef) -> None:
    """Store a blob as an upload does that dies before its document is committed."""

    async def data() -> AsyncIterator[bytes]:
        yield b"left behind"

    await ports.blobs.put(ref, "original", data(), max_bytes=100)


async def test_what_an_upload_left_that_died_is_removed_a_week_later(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    place = Partition(alice.tenant_id, space_id)
    kept = await ports.blobs.count(place)
    known = documents.ref((await documents.get(ports, alice, document_id)).value, 1)
    await orphan(ports, replace(known, document_id=new_id("doc")))  # of a first version
    await orphan(ports, replace(known, version=2))  # of a further one
    assert await sweep(ports) == 0
    assert await ports.blobs.count(place) == kept + 2
    assert await sweep(ports, datetime.now(UTC) + LATER) == 2
    assert await ports.blobs.count(place, document_id) == await ports.blobs.count(place) == kept
    query = await acting.ask(ports, alice, [space_id], "What is the fee for a passport?")
    assert query.answer is not None
    assert query.answer.sentences


async def test_an_upload_that_is_refused_after_its_bytes_leaves_nothing(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)

    def refused() -> documents.Description:
        raise InvalidInputError(pointer="/title", reason="is too long")

    with pytest.raises(InvalidInputError, match="invalid-input") as error:
        await uploads.upload(ports, alice, space_id, acting.file("Some text."), refused)
    assert error.value.facts["pointer"] == "/title"
    assert await ports.blobs.count(Partition(alice.tenant_id, space_id)) == 0
