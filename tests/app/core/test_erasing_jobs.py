"""Erasing ends with nothing left and a complete receipt wherever it was cut."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from app.core import documents, erasure, spaces
from app.core.access import Principal
from app.core.kinds import CONTENT_CLAIMS, DOCUMENTS, PROGRESS, QUOTATIONS, RECEIPTS, SPACES
from app.core.models import JobKind, Lease, Partition, Receipt
from app.core.ports import Ports
from tests.app.core import acting
from tests.app.core.dying import DeadError, dying


async def leased(ports: Ports, kind: JobKind) -> Lease:
    lease = await ports.jobs.claim((kind,), worker="w", lease_s=30)
    assert lease is not None
    return lease


async def receipt(ports: Ports, alice: Principal, id_: str) -> Receipt:
    found = await ports.records.get(RECEIPTS, alice.home, id_)
    assert found is not None
    return found.value


async def left(ports: Ports, place: Partition) -> list[int]:
    return [
        await ports.records.count(DOCUMENTS, place),
        await ports.records.count(CONTENT_CLAIMS, place),
        await ports.records.count(PROGRESS, place),
        await ports.records.count(QUOTATIONS, place),
        await ports.index.count(place),
        await ports.blobs.count(place),
    ]


async def quoted(ports: Ports, alice: Principal) -> tuple[str, str]:
    """Return a space and its only document, which an answer quotes."""
    space_id = await acting.space(ports, alice)
    document_id = await acting.upload(ports, alice, space_id, acting.PASSPORT)
    await acting.ask_now(ports, alice, [space_id], "How long is a passport valid?")
    return space_id, document_id


async def cut_and_repeated(
    ports: Ports, kind: JobKind, erase: Callable[[Ports, Lease], Awaitable[None]], writes: int
) -> None:
    """Let an erasure die after so many writes, the last of which settles, and work go on."""
    lease = await leased(ports, kind)
    with pytest.raises(DeadError):
        await erase(dying(ports, writes), lease)
    await acting.lapse(ports, lease)
    assert await acting.work(ports) == (0 if writes == 6 else 1)


@pytest.mark.parametrize("writes", range(1, 7))
async def test_a_document_s_erasure_that_is_cut_after_any_write_is_completed_by_the_next_attempt(
    ports: Ports, alice: Principal, writes: int
) -> None:
    space_id, document_id = await quoted(ports, alice)
    await documents.delete(ports, alice, document_id)
    await cut_and_repeated(ports, JobKind.ERASE_DOCUMENT, erasure.erase_document, writes)
    assert await left(ports, alice.space(space_id)) == [0] * 6
    told = await receipt(ports, alice, document_id)
    assert told.completed_at is not None
    assert (told.removed["passages"], set(told.remaining.values())) == (1, {0})


@pytest.mark.parametrize("writes", range(1, 7))
async def test_a_space_s_erasure_that_is_cut_after_any_write_is_completed_by_the_next_attempt(
    ports: Ports, alice: Principal, writes: int
) -> None:
    space_id, _ = await quoted(ports, alice)
    await spaces.delete(ports, alice, space_id)
    await cut_and_repeated(ports, JobKind.ERASE_SPACE, erasure.erase_space, writes)
    assert await left(ports, alice.space(space_id)) == [0] * 6
    assert await ports.records.get(SPACES, alice.home, space_id) is None
    told = await receipt(ports, alice, space_id)
    assert told.completed_at is not None
    assert set(told.remaining.values()) == {0}


@pytest.mark.parametrize(("attempt", "counted"), [(1, 0), (2, 1)])
async def test_only_a_first_look_that_finds_nothing_in_a_space_is_the_last(
    ports: Ports, alice: Principal, attempt: int, counted: int
) -> None:
    space_id = await acting.space(ports, alice)
    await spaces.delete(ports, alice, space_id)
    lease = replace(await leased(ports, JobKind.ERASE_SPACE), attempt=attempt)
    counts: list[Partition] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(ports.index, name)

        async def count(self, place: Partition) -> int:
            counts.append(place)
            return await ports.index.count(place)

    await erasure.erase_space(replace(ports, index=Counting()), lease)  # type: ignore[arg-type]
    assert len(counts) == counted
    assert (await receipt(ports, alice, space_id)).completed_at is not None
