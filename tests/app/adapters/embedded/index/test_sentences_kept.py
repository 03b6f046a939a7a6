"""What passages say, kept in the index, and files of releases that did not keep it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from app.adapters.embedded.index import open_index
from app.core.models import Partition
from tests.contract.index_backends import Here
from tests.contract.passages import add, find

SPACE = Partition("ten_1", "spc_1")


async def test_what_passages_say_is_kept_with_them(tmp_path: Path) -> None:
    async with open_index(tmp_path, Here()) as index:
        await add(index, SPACE, "Bring two photographs. Bring the old passport.")
        [one] = (await find(index, SPACE, "passport")).candidates
    assert one.passage.said == "0 22 bring photograph two\n23 46 bring old passport"


async def test_a_file_of_the_release_before_sentences_is_read_and_written_on(
    tmp_path: Path,
) -> None:
    async with open_index(tmp_path, Here()) as index:
        await add(index, SPACE, "Bring two photographs.")
    with closing(sqlite3.connect(tmp_path / "ten_1" / "spc_1.db")) as connection:
        connection.executescript("ALTER TABLE passages DROP COLUMN said; PRAGMA user_version = 2;")
    async with open_index(tmp_path, Here()) as index:
        [old] = (await find(index, SPACE, "photographs")).candidates
        assert old.passage.said is None
        await add(index, SPACE, "Bring the passport.")
        [new] = (await find(index, SPACE, "passport")).candidates
        assert new.passage.said
