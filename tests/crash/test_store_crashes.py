"""The store is killed at random moments; then what was said is compared with what is there."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.adapters.embedded import EmbeddedStore, open_store
from app.core.kinds import DOCUMENTS
from app.core.models import Document, DocumentStatus, JobKind
from app.core.ports import Listing
from tests.crash.store_victim import DICE, SPACE, ref, worker

VICTIM = Path(__file__).with_name("store_victim.py")


@dataclass
class Told:
    """What the victims said, over all their lives."""

    stored: dict[str, str] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    removing: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def hear(self, lines: Iterable[str]) -> None:
        for line in lines:
            match line.split():
                case ["stored", id_, digest]:
                    self.stored[id_] = digest
                case ["ready", id_]:
                    self.ready.add(id_)
                case ["removing", id_]:
                    self.removing.add(id_)
                case ["removed", id_]:
                    self.removed.add(id_)
                case _:
                    raise AssertionError(line)


@dataclass
class Verdict:
    """What is wrong with what is there, and how much was looked at."""

    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    risen: list[str] = field(default_factory=list)

    def wrong(self) -> dict[str, int]:
        return {name: len(ids) for name, ids in vars(self).items() if ids}


def _live_and_die(folder: Path, manner: str, told: Told) -> None:
    """Start a victim, kill it when it has stored some, and hear all that it said before."""
    enough = len(told.stored) + DICE.randrange(11, 60)
    with subprocess.Popen(
        [sys.executable, str(VICTIM), str(folder), manner], stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        while len(told.stored) < enough:
            told.hear([victim.stdout.readline()])
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim.wait(DICE.uniform(0, 0.05))
        victim.send_signal(signal.SIGKILL)
        said = victim.stdout.read()
        told.hear(said[: said.rfind("\n") + 1].splitlines())
    assert victim.returncode == -signal.SIGKILL


async def _finish_jobs(store: EmbeddedStore) -> None:
    """Do what is left to do, until nothing waits or runs."""
    work = asyncio.create_task(worker(store))
    async with asyncio.timeout(120):
        while await _open_jobs(store):  # noqa: ASYNC110 - nothing tells when a queue is empty
            await asyncio.sleep(0.05)
    work.cancel()
    await asyncio.wait({work})


async def _open_jobs(store: EmbeddedStore) -> int:
    depth = await store.jobs.depth()
    return depth["waiting"] + depth["running"]


async def _documents(store: EmbeddedStore) -> dict[str, Document]:
    found: dict[str, Document] = {}
    after: str | None = None
    while True:
        page = await store.records.page(DOCUMENTS, SPACE, Listing(limit=1000, after=after))
        found |= {stored.value.id: stored.value for stored in page.items}
        if (after := page.next_after) is None:
            return found


async def _judge(store: EmbeddedStore, told: Told) -> Verdict:
    there = await _documents(store)
    assert await store.records.count(DOCUMENTS, SPACE) == len(there)
    blobs = {
        id_: await store.blobs.info(ref(id_), "original") for id_ in there.keys() | told.removed
    }
    hashes = {id_: blob.sha256 for id_, blob in blobs.items() if blob is not None}
    return Verdict(
        lost=sorted(told.stored.keys() - there.keys() - told.removing),
        dangling=sorted(there.keys() - hashes.keys()),
        corrupt=[
            id_
            for id_, document in there.items()
            if document.title != hashes.get(id_)
            or told.stored.get(id_, document.title) != document.title
        ],
        stuck=[id_ for id_, d in there.items() if d.latest.status is not DocumentStatus.READY],
        doubled=[id_ for id_, d in there.items() if d.metadata.get("times") != 1],
        risen=sorted(told.removed & (there.keys() | hashes.keys())),
    )


async def _ordeal(folder: Path, kills: int, manner: str = "honest") -> tuple[Told, Verdict]:
    told = Told()
    for _ in range(kills):
        await asyncio.to_thread(_live_and_die, folder, manner, told)
    async with open_store(folder) as store:
        assert len(list((folder / "blobs" / ".incoming").iterdir())) == 1  # the dead left nothing
        await _finish_jobs(store)
        verdict = await _judge(store, told)
        assert await store.jobs.claim((JobKind.INGEST,), worker="w", lease_s=1) is None
    with contextlib.closing(sqlite3.connect(folder / "eva.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(  # noqa: T201 - the evidence
        f"\n{kills} kills: {len(told.stored)} documents acknowledged, {len(told.ready)} jobs, "
        f"{len(told.removed)} removals; wrong: {verdict.wrong() or 'nothing'}"
    )
    return told, verdict


@pytest.mark.parametrize(
    "kills", [8, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(500)])]
)
async def test_a_store_that_is_killed_keeps_every_promise(tmp_path: Path, kills: int) -> None:
    told, verdict = await _ordeal(tmp_path / "data", kills)
    assert verdict.wrong() == {}
    assert len(told.stored) > 10 * kills
    assert told.ready
    assert told.removed


async def test_the_checker_catches_a_store_that_speaks_too_soon(tmp_path: Path) -> None:
    _, verdict = await _ordeal(tmp_path / "data", 6, "hasty")
    assert verdict.lost
