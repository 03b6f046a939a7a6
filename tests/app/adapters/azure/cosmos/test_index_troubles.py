"""The index when something ends half-way, or the embedder is away."""

from collections.abc import Sequence

import pytest

from app.adapters.azure.cosmos import CosmosStore
from app.core.errors import UnavailableError
from app.core.ids import new_id
from app.core.models import Partition
from tests.contract.embedding import Vectors, WordEmbedder
from tests.contract.passages import PASSPORT, TAX, add, documents, extraction, find, ref
from tests.peers.cosmos.faults import Faults

PASSAGES = r"/dbs/.*/colls/passages-.*/docs/?.*"


class AwayEmbedder(WordEmbedder):
    """An embedder that can't be reached once it is told so."""

    away = False

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self._require()
        return await super().embed_passages(texts)

    async def embed_question(self, text: str) -> Vectors:
        self._require()
        return await super().embed_question(text)

    def _require(self) -> None:
        if self.away:
            raise UnavailableError(dependency="embeddings", retry_after=1)


async def test_without_an_embedder_questions_are_searched_by_words(
    store: CosmosStore, space: Partition
) -> None:
    embedder = AwayEmbedder(256)
    store.index._embedder = embedder
    document_id = await add(store.index, space, PASSPORT, TAX)
    found = await find(store.index, space, "passport")
    assert (found.words_alone, found.near) == (False, 0.3)
    embedder.away = True
    found = await find(store.index, space, "passport")
    assert (found.words_alone, found.near) == (True, None)
    assert documents(found) == [document_id]
    assert all(candidate.similarity == 0 for candidate in found.candidates)
    with pytest.raises(UnavailableError):
        await add(store.index, space, TAX)


async def test_a_switch_that_ended_half_way_shows_the_old_version_and_can_be_done_again(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    await store.index.stage(ref(space, document_id, 2), "", extraction(TAX))
    faults.add([{"method": "POST", "path": PASSAGES, "status": 500, "times": 99}])
    with pytest.raises(UnavailableError):
        await store.index.activate(ref(space, document_id, 2), {})
    faults.end()
    assert documents(await find(store.index, space, "passport")) == [document_id]
    assert documents(await find(store.index, space, "tax")) == []
    await store.index.activate(ref(space, document_id, 2), {})
    assert documents(await find(store.index, space, "passport")) == []
    assert documents(await find(store.index, space, "tax")) == [document_id]


async def test_what_a_switch_left_behind_is_not_found_and_goes_with_the_document(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    await store.index.stage(ref(space, document_id, 2), "", extraction(TAX))
    faults.add([{"method": "DELETE", "path": PASSAGES, "status": 500, "times": 99}])
    with pytest.raises(UnavailableError):
        await store.index.activate(ref(space, document_id, 2), {})
    faults.end()
    assert documents(await find(store.index, space, "passport")) == []
    assert documents(await find(store.index, space, "tax")) == [document_id]
    assert await store.index.remove(space, document_id) == 2
    assert await store.index.count(space) == 0


async def test_staging_whose_answer_was_lost_stages_once(
    store: CosmosStore, faults: Faults, space: Partition
) -> None:
    document_id = new_id("doc")
    lost = {"method": "POST", "path": PASSAGES, "status": 408, "when": "after", "times": 2}
    faults.add([lost])
    await store.index.stage(ref(space, document_id), "", extraction(PASSPORT, TAX))
    assert faults.waiting == 0
    assert await store.index.count(space) == 2
    await store.index.activate(ref(space, document_id), {})
    assert documents(await find(store.index, space, "passport")) == [document_id]


async def test_a_long_document_is_stored_in_several_batches(
    store: CosmosStore, space: Partition
) -> None:
    texts = [f"Chapter {number} is about passports." for number in range(200)]
    document_id = await add(store.index, space, *texts)
    assert await store.index.count(space, document_id) == 200
    found = await store.index.search(space, "chapter 137", limit=5)
    assert found.candidates[0].passage.span.ordinal == 137
    assert found.passages_searched == 200
    assert await store.index.remove(space, document_id) == 200


async def test_a_question_of_very_many_words_is_searched_by_some_of_them(
    store: CosmosStore, space: Partition
) -> None:
    document_id = await add(store.index, space, PASSPORT)
    question = "passport " + " ".join(f"word{number}" for number in range(100))
    found = await find(store.index, space, question)
    assert documents(found) == [document_id]
    assert len(found.terms) == 60
