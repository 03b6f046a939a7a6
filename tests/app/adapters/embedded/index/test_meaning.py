"""Vectors of an operator's model beside words: what they find, and when they do not count."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.embedded.index import Meaning, open_index
from app.adapters.embedded.index.meaning import Vectors
from app.adapters.embedded.index.scoring import score
from app.adapters.embedded.index.segment import Source
from app.adapters.embedded.index.snapshot import Snapshot
from app.adapters.embedding import OnnxEmbedder, open_embedder
from app.core.models import Partition
from app.core.ports import Found
from tests.app.adapters.embedded.index.versions import TERMS, Version, found, soft_cosine
from tests.app.adapters.embedding.tiny_model import MEANINGS, write_model
from tests.contract.index_backends import Here
from tests.contract.passages import add, documents, extraction, find, ref

SPACE = Partition("ten_1", "spc_1")
CAR, DOG = "An automobile needs insurance.", "A hound needs exercise."


@pytest.fixture
async def embedder(tmp_path: Path) -> AsyncIterator[OnnxEmbedder]:
    async with open_embedder(write_model(tmp_path / "model"), languages=("en",)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index" / SPACE.tenant_id / f"{SPACE.space_id}.db"


def similarity(result: Found, document_id: str) -> float:
    [one] = [c for c in result.candidates if c.passage.document_id == document_id]
    return one.similarity


async def test_meaning_finds_what_words_do_not(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    async with open_index(tmp_path / "words", Here()) as index:
        await add(index, SPACE, CAR)
        assert (await find(index, SPACE, "the car")).candidates == ()
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        car, dog = await add(index, SPACE, CAR), await add(index, SPACE, DOG)
        assert documents(await find(index, SPACE, "the car"))[0] == car
        assert documents(await find(index, SPACE, "the dog"))[0] == dog


async def test_a_question_in_a_language_that_the_model_lacks_is_matched_by_words(
    tmp_path: Path, embedder: OnnxEmbedder
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        await add(index, SPACE, CAR)
        assert (await find(index, SPACE, "Où est la voiture de la ville ?")).candidates == ()
        assert (await find(index, SPACE, "the voiture")).candidates


async def test_passages_without_vectors_are_found_beside_those_that_have_some(
    tmp_path: Path, embedder: OnnxEmbedder
) -> None:
    root = tmp_path / "index"
    async with open_index(root, Here()) as index:
        old = await add(index, SPACE, "The car park opens at nine.")
    async with open_index(root, Here(), meaning=Meaning(embedder)) as index:
        new = await add(index, SPACE, CAR)
        french = "doc_french"
        said = extraction("Le car est en retard.", language="fr")
        await index.stage(ref(SPACE, french), "", said)
        await index.activate(ref(SPACE, french), {})
        result = await find(index, SPACE, "the car")
        assert set(documents(result)) == {old, new, french}
        assert similarity(result, new) > 0.9
        assert 0 < similarity(result, old) < 0.9


async def test_vectors_of_another_model_count_once_the_document_is_indexed_again(
    tmp_path: Path, embedder: OnnxEmbedder
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        document_id = await add(index, SPACE, CAR)
    wider = {word: (*vector, 0.1) for word, vector in MEANINGS.items()}
    async with (
        open_embedder(write_model(tmp_path / "wider", wider), languages=("en",)) as other,
        open_index(tmp_path / "index", Here(), meaning=Meaning(other)) as index,
    ):
        assert (await find(index, SPACE, "the car")).candidates == ()
        assert documents(await find(index, SPACE, "insurance")) == [document_id]
        await index.stage(ref(SPACE, document_id), "", extraction(CAR))
        assert (await find(index, SPACE, "the car")).candidates == ()
        await index.activate(ref(SPACE, document_id), {})
        assert documents(await find(index, SPACE, "the car")) == [document_id]


async def test_what_was_staged_when_the_process_ended_can_be_activated_with_its_vectors(
    tmp_path: Path, embedder: OnnxEmbedder, path: Path
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        for _ in range(2):
            await index.stage(ref(SPACE, "doc_1"), "", extraction(CAR, DOG))
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        assert (await find(index, SPACE, "the car")).candidates == ()
        await index.activate(ref(SPACE, "doc_1"), {})
        assert (await find(index, SPACE, "the car")).candidates
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (1,)


async def test_a_removed_document_leaves_no_vector(
    tmp_path: Path, embedder: OnnxEmbedder, path: Path
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        document_id = await add(index, SPACE, CAR)
        with closing(sqlite3.connect(path)) as connection:
            [(data,)] = connection.execute("SELECT data FROM vectors").fetchall()
        await index.remove(SPACE, document_id)
    assert path.exists()
    assert all(data not in file.read_bytes() for file in path.parent.iterdir())


@pytest.mark.parametrize("damage", ["zeroblob(5)", "zeroblob(8)", "zeroblob(0)"])
async def test_vectors_of_a_wrong_size_do_not_count(
    tmp_path: Path, embedder: OnnxEmbedder, path: Path, damage: str
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        damaged = await add(index, SPACE, CAR)
        sound = await add(index, SPACE, "Any automobile needs a driver.")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE vectors SET data = {damage} WHERE key = 1")  # noqa: S608
        connection.commit()
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        assert documents(await find(index, SPACE, "the car")) == [sound]
        assert documents(await find(index, SPACE, "insurance")) == [damaged]


async def test_a_file_of_the_release_before_vectors_is_read_and_written_on(
    tmp_path: Path, embedder: OnnxEmbedder, path: Path
) -> None:
    async with open_index(tmp_path / "index", Here()) as index:
        old = await add(index, SPACE, CAR)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "ALTER TABLE passages DROP COLUMN said; DROP TABLE vectors; PRAGMA user_version = 1;"
        )
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder)) as index:
        assert documents(await find(index, SPACE, "insurance")) == [old]
        new = await add(index, SPACE, DOG)
        assert documents(await find(index, SPACE, "the dog")) == [new]


VECTORS = st.sampled_from([None, (1.0, 0.0), (0.6, 0.8), (0.0, -1.0)])


@st.composite
def batches(draw: st.DrawFn) -> list[list[tuple[Version, tuple[float, float] | None]]]:
    keys = iter(range(1, 20))
    return [
        [
            (Version(next(keys), tuple(draw(TEXTS)) or ("pool",)), draw(VECTORS))
            for _ in range(draw(st.integers(1, 3)))
        ]
        for _ in range(draw(st.integers(1, 3)))
    ]


TEXTS = st.lists(st.sampled_from(["pool fee", "pool", "fee fee", "permit"]), max_size=3)


@given(batches(), st.booleans())
def test_the_similarity_is_the_cosine_of_vectors_where_there_are_any(
    made: list[list[tuple[Version, tuple[float, float] | None]]], join: bool
) -> None:
    snapshot = Snapshot()
    for number, batch in enumerate(made, 1):
        sources = [_source(version, vector) for version, vector in batch]
        snapshot = snapshot.changed(number, [], [v.entry() for v, _ in batch], sources)
        if join:
            snapshot = snapshot.with_joined(snapshot, 0, snapshot.joined(0))
    asked = np.array([0.8, 0.6], np.float32)
    versions = {version.key: (version, vector) for batch in made for version, vector in batch}
    spelled = soft_cosine([version for version, _ in versions.values()], TERMS("pool"))
    hits = found(score(snapshot, TERMS("pool"), None, 1000, asked))
    for (key, ordinal), expected in spelled.items():
        vector = versions[key][1]
        cosine = expected if vector is None else max(0.0, float(asked @ vector))
        assert hits.get((key, ordinal), (0, 0.0))[1] == pytest.approx(cosine, abs=2e-3)


def _source(version: Version, vector: tuple[float, float] | None) -> Source:
    plain = version.source()
    if vector is None:
        return plain
    vectors: Vectors = np.array([vector] * len(version.texts), np.float32)
    return Source(plain.key, plain.postings, plain.title, vectors)


@pytest.mark.parametrize("near", [None, 0.4])
async def test_the_cosine_that_says_enough_is_told_with_what_is_found(
    tmp_path: Path, embedder: OnnxEmbedder, near: float | None
) -> None:
    async with open_index(tmp_path / "index", Here(), meaning=Meaning(embedder, near)) as index:
        await add(index, SPACE, CAR)
        assert (await find(index, SPACE, "the car")).near == near
    async with open_index(tmp_path / "index", Here()) as index:
        assert (await find(index, SPACE, "the car")).near is None
