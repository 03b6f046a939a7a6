"""Passages that were read once stay with the snapshot that they were read for."""

from pathlib import Path

from app.adapters.embedded.index import Bounds, open_index
from app.core.models import Partition
from tests.contract.index_backends import Here
from tests.contract.passages import add, documents, find

SPACE = Partition("ten_1", "spc_1")
PRIVATE = "zanzibar"


async def test_passages_that_were_read_are_kept_counted_and_gone_with_their_document(
    tmp_path: Path,
) -> None:
    async with open_index(tmp_path, Here(), bounds=Bounds(busy_s=0.2)) as index:
        await add(index, SPACE, "pool rules")
        document_id = await add(index, SPACE, f"{PRIVATE} passport")
        await find(index, SPACE, "pool")  # opens the space
        unread = index.memory_bytes
        assert documents(await find(index, SPACE, "passport")) == [document_id]
        assert index.memory_bytes > unread
        again = await find(index, SPACE, "passport")
        assert (await find(index, SPACE, "passport")).candidates[0].passage is (
            again.candidates[0].passage
        )
        read = index.memory_bytes
        await find(index, SPACE, "unheard")
        assert index.memory_bytes > read, "a term that was asked is kept, though nobody has it"
        await index.remove(SPACE, document_id)
        with index._shelf.lend(tmp_path / "ten_1" / "spc_1.db") as space:
            assert PRIVATE not in repr(space.snapshot)
