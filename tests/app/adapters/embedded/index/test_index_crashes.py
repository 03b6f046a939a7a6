"""A process that is killed at any moment leaves an index that shows what it acknowledged."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from string import ascii_lowercase

from app.adapters.embedded.index import open_index
from app.core.ports import PassageIndex
from tests.app.adapters.embedded.index.index_victim import DOCUMENTS, PASSAGES, SPACE
from tests.contract.index_backends import Here

VICTIM = Path(__file__).with_name("index_victim.py")
ROOT = Path(__file__).resolve().parents[5]
KILLS = 6


def life(folder: Path, seed: int, shown: int, seconds: float) -> list[list[str]]:
    """Let a victim show some versions, kill it so much later, return what it said."""
    victim = subprocess.Popen(
        [sys.executable, str(VICTIM), str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert victim.stdout is not None
    said: list[list[str]] = []
    while sum(words[0] == "visible" for words in said) < shown:
        said.append(victim.stdout.readline().split())
    time.sleep(seconds)
    victim.send_signal(signal.SIGKILL)
    rest = victim.stdout.read()
    victim.wait()
    victim.stdout.close()
    return [*said, *(line.split() for line in rest.splitlines())]


def expected(said: Iterable[list[str]]) -> dict[str, set[str]]:
    """Which version (or "removed") each document may show: the last told, or what was begun."""
    may: dict[str, set[str]] = {}
    for words in said:
        match words:
            case ["begin", document, outcome]:
                may[document] = may.get(document, {"removed"}) | {outcome}
            case ["visible", document, version]:
                may[document] = {version}
            case ["removed", document]:
                may[document] = {"removed"}
            case _:
                raise AssertionError(words)
    return may


async def shown(index: PassageIndex, number: int) -> str:
    found = await index.search(SPACE, f"document{number}", limit=50)
    own = [c.passage for c in found.candidates if c.passage.document_id == f"doc_{number}"]
    if not own:
        return "removed"
    [version] = {passage.version for passage in own}
    assert len(own) == PASSAGES
    assert all(f"version{version} " in passage.text for passage in own)
    return str(version)


async def test_what_was_acknowledged_survives_any_kill(tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - when to kill
    said: list[list[str]] = []
    for seed in range(1, KILLS + 1):
        said += life(tmp_path, seed, chance.randint(3, 12), chance.uniform(0, 0.05))
        async with open_index(tmp_path, Here()) as index:
            may = expected(said)
            for number in range(DOCUMENTS):
                now = await shown(index, number)
                assert now in may.get(f"doc_{number}", {"removed"})
                said.append(
                    ["removed", f"doc_{number}"]
                    if now == "removed"
                    else ["visible", f"doc_{number}", now]
                )
        path = tmp_path / SPACE.tenant_id / f"{SPACE.space_id}.db"
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            sizes = connection.execute(
                "SELECT length(data) FROM versions LEFT JOIN vectors USING (key)"
                " UNION SELECT 0 FROM vectors WHERE key NOT IN (SELECT key FROM versions)"
            ).fetchall()
        assert {size for (size,) in sizes} <= {PASSAGES * len(ascii_lowercase) * 4}
    assert sum(words[0] == "visible" for words in said) > 2 * KILLS


async def test_two_processes_see_each_others_changes(tmp_path: Path) -> None:
    async with open_index(tmp_path, Here()) as index:
        assert await shown(index, 0) == "removed"
        said = life(tmp_path, 9, 5, 0.0)
        may = expected(said)
        for number in range(DOCUMENTS):
            assert await shown(index, number) in may.get(f"doc_{number}", {"removed"})
        assert [n for n in range(DOCUMENTS) if await shown(index, n) != "removed"]
