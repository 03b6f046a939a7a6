"""Who waits is told of question and answer at once, and one commit keeps both."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.core import documents, queries, spaces
from app.core.access import Principal
from app.core.answering import ExtractiveComposer
from app.core.errors import NotFoundError, UnavailableError
from app.core.kinds import EXPLANATIONS, QUERIES, QUOTATIONS, Kind
from app.core.live import Live
from app.core.models import Partition, Query, QueryStatus
from app.core.ports import Claim, Found, Listing, Material, Ports
from app.core.responding import at_once
from tests.app.core import acting

QUESTION = "What is the fee for a passport?"
IDLE = {"waiting": 0, "running": 0, "dead": 0, "oldest_s": 0}


async def prepared(ports: Ports, principal: Principal, space_id: str) -> Query:
    found = await queries.prepare(
        ports, principal, queries.Asked(space_ids=(space_id,), question=QUESTION)
    )
    assert isinstance(found, Query)
    return found


async def filled(ports: Ports, principal: Principal) -> tuple[str, str]:
    space_id = await acting.space(ports, principal)
    return space_id, await acting.upload(ports, principal, space_id, acting.PASSPORT)


@dataclass
class Meanwhile:
    """Composes as usual, once something else has happened."""

    composer: ExtractiveComposer
    happens: Callable[[], Awaitable[object]]
    name: str = ExtractiveComposer.NAME

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        await self.happens()
        async for claim in self.composer.compose(material):
            yield claim


def meanwhile(ports: Ports, happens: Callable[[], Awaitable[object]]) -> Ports:
    return replace(ports, composer=Meanwhile(ExtractiveComposer(ports.analyzer), happens))


class Down:
    """An index that can't be searched."""

    async def search(self, *_: object, **__: object) -> Found:
        raise UnavailableError(dependency="index", retry_after=1)


async def test_question_and_answer_are_kept_without_a_job(ports: Ports, alice: Principal) -> None:
    space_id, document_id = await filled(ports, alice)
    query = await prepared(ports, alice, space_id)
    found = await at_once(ports, Live(), alice, query, 20)
    assert found is not None
    assert found.value.status is QueryStatus.COMPLETED
    assert found == await queries.result(ports, alice, query.id)
    assert found.value.answer is not None
    assert found.value.answer.sentences
    assert (await queries.explain(ports, alice, query.id)).candidates
    place = Partition(alice.tenant_id, space_id)
    notes = await ports.records.page(QUOTATIONS, place, Listing())
    assert [note.value.id for note in notes.items] == [f"{document_id}:{query.id}"]
    assert await ports.jobs.depth() == IDLE


async def test_a_question_that_takes_too_long_is_left_to_be_accepted(
    ports: Ports, alice: Principal
) -> None:
    space_id, _ = await filled(ports, alice)
    query = await prepared(ports, alice, space_id)
    assert await at_once(ports, Live(), alice, query, 0) is None
    with pytest.raises(NotFoundError):
        await queries.get(ports, alice, query.id)
    accepted = await queries.accept(ports, query, here=True)
    assert accepted.lease is not None
    await acting.do(ports, accepted.lease)
    assert (await queries.result(ports, alice, query.id)).value.answer is not None


async def test_a_question_is_left_to_be_accepted_while_the_index_is_down(
    ports: Ports, alice: Principal
) -> None:
    space_id, _ = await filled(ports, alice)
    query = await prepared(ports, alice, space_id)
    down = replace(ports, index=Down())  # type: ignore[arg-type]  # it is only searched
    assert await at_once(down, Live(), alice, query, 20) is None
    assert await ports.records.count(QUERIES, Partition(alice.tenant_id, space_id)) == 0


async def test_a_document_that_is_deleted_meanwhile_is_withheld(
    ports: Ports, alice: Principal
) -> None:
    space_id, document_id = await filled(ports, alice)
    query = await prepared(ports, alice, space_id)

    async def happens() -> None:
        await documents.delete(ports, alice, document_id)

    found = await at_once(meanwhile(ports, happens), Live(), alice, query, 20)
    assert found is not None
    assert found.value.answer is not None
    assert {one.quote for one in found.value.answer.citations} == {"[source deleted]"}
    assert {one.text for one in found.value.answer.sentences} == {"[source deleted]"}
    assert found == await queries.result(ports, alice, query.id)


async def test_nothing_is_left_in_a_space_that_is_deleted_and_erased_meanwhile(
    ports: Ports, alice: Principal
) -> None:
    space_id, _ = await filled(ports, alice)
    query = await prepared(ports, alice, space_id)

    async def happens() -> None:
        await spaces.delete(ports, alice, space_id)
        await acting.work(ports)

    with pytest.raises(NotFoundError):
        await at_once(meanwhile(ports, happens), Live(), alice, query, 20)
    place = Partition(alice.tenant_id, space_id)
    kinds: tuple[Kind[Any], ...] = (QUERIES, EXPLANATIONS, QUOTATIONS)
    assert [await ports.records.count(kind, place) for kind in kinds] == [0, 0, 0]
