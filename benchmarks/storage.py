"""What the embedded store costs, beside bare sqlite3 and bare files in the same run.

Each row is the best of several short runs: on a shared machine the least disturbed one is the
truest. Durable on both sides: WAL with synchronous=FULL, files and folders synced.
"""

import argparse
import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import uvloop

from app.adapters import codec
from app.adapters.embedded import EmbeddedStore, open_store
from app.core.filters import Condition, Op
from app.core.ids import new_id
from app.core.kinds import DOCUMENTS, SPACES
from app.core.models import JobKind, Partition, Space, VersionRef
from app.core.ports import Enqueue, Listing, Put, Settle
from tests.contract.sample import a_document, a_job, a_space

HOME = Partition("ten_bench")
SPACE = Partition("ten_bench", "spc_bench")
MIB = 1 << 20
ROUNDS = 5
INGEST = (JobKind.INGEST,)


def row(what: str, value: float, unit: str, beside: str = "") -> None:
    print(f"{what:<58} {value:>10,.1f} {unit:<10} {beside}", flush=True)


async def per_second(times: int, work: Callable[[], Awaitable[object]], clients: int = 1) -> float:
    """How often a second, at best, when so many clients do it one after the other."""

    async def client() -> None:
        for _ in range(times // clients):
            await work()

    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        best = max(best, times // clients * clients / (time.perf_counter() - start))
    return best


def bare_per_second(times: int, work: Callable[[], object]) -> float:
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            work()
        best = max(best, times / (time.perf_counter() - start))
    return best


def bare_database(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (id TEXT PRIMARY KEY, etag TEXT, body BLOB) WITHOUT ROWID")
    return connection


async def reads(store: EmbeddedStore, bare: sqlite3.Connection) -> None:
    spaces = [a_space(HOME, str(n)) for n in range(2000)]
    await asyncio.gather(*(store.records.commit(HOME, Put(kind=SPACES, value=s)) for s in spaces))
    body = codec.encode(spaces[0])
    bare.execute("BEGIN")
    bare.executemany("INSERT INTO t VALUES (?, 'etag', ?)", ((s.id, body) for s in spaces))
    bare.execute("COMMIT")
    target = spaces[1000].id
    bare_rate = bare_per_second(
        5000, lambda: bare.execute("SELECT etag, body FROM t WHERE id = ?", (target,)).fetchone()
    )
    rate = await per_second(5000, lambda: store.records.get(SPACES, HOME, target))
    row("point read", 1e6 / rate, "µs", f"bare sqlite3, undecoded: {1e6 / bare_rate:.1f}")
    rate = bare_per_second(5000, lambda: codec.decode(Space, body))
    row("  of which decoding a space", 1e6 / rate, "µs")
    row("  encoding a space", 1e6 / bare_per_second(5000, lambda: codec.encode(spaces[0])), "µs")
    rate = await per_second(5000, lambda: store.records.count(SPACES, HOME))
    row("count of a partition", 1e6 / rate, "µs")
    rate = await per_second(50, lambda: store.records.page(SPACES, HOME, Listing(limit=100)))
    row("page of 100", 1e6 / rate, "µs")


async def filters(store: EmbeddedStore) -> None:
    total = 10_000
    for start in range(0, total, 1000):
        documents = (a_document(SPACE, f"title {n}") for n in range(start, start + 1000))
        await store.records.commit(SPACE, *(Put(kind=DOCUMENTS, value=d) for d in documents))
    frequent = Listing(where=Condition("deleted", Op.EQ, value=False))
    rare = Listing(where=Condition("title", Op.EQ, f"title {total - 1}"))
    for name, listing in (("that most records pass", frequent), ("that the last passes", rare)):
        rate = await per_second(20, lambda at=listing: store.records.page(DOCUMENTS, SPACE, at))
        row(f"page of 20 of 10,000, filter {name}", 1e3 / rate, "ms")


async def commits(store: EmbeddedStore, bare: sqlite3.Connection) -> None:
    value = a_space(HOME, "again")
    body = codec.encode(value)

    def bare_commit() -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT OR REPLACE INTO t VALUES (?, 'etag', ?)", (value.id, body))
        bare.execute("COMMIT")

    bare_rate = bare_per_second(500, bare_commit)
    for clients in (1, 8, 64):
        rate = await per_second(
            max(500, 50 * clients),
            lambda: store.records.commit(HOME, Put(kind=SPACES, value=value)),
            clients,
        )
        beside = f"bare sqlite3, one client: {bare_rate:,.0f}; ratio {rate / bare_rate:.2f}"
        row(f"durable commits, {clients} clients", rate, "per s", beside)


async def jobs(store: EmbeddedStore) -> None:
    async def cycle() -> None:
        lease = await store.jobs.claim(INGEST, worker="w", lease_s=60)
        assert lease is not None
        await store.records.commit(lease.job.partition, Settle(lease=lease))

    async def enqueue(tenants: int, each: int) -> None:
        for tenant in range(tenants):
            place = Partition(f"ten_{tenant:04d}", "spc_bench")
            batch = (Enqueue(job=a_job(place)) for _ in range(each))
            await store.records.commit(place, *batch)

    for tenants, each in ((1, 20_000), (1000, 20)):
        await enqueue(tenants, each)
        for clients in (1, 8):
            rate = await per_second(400, cycle, clients)
            row(f"claim and settle, {clients} workers, {tenants} tenants, backlog", rate, "per s")
        rate = await per_second(300, lambda: store.jobs.wait(INGEST, 1))
        row("  asking whether a job is due", 1e6 / rate, "µs")
        while lease := await store.jobs.claim(INGEST, worker="w", lease_s=60):
            await store.records.erase(lease.job.partition)


CHUNK = os.urandom(64 * 1024)
REF = VersionRef(tenant_id="ten_1", space_id="spc_1", document_id="doc_1", version=1)


async def content(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // len(CHUNK)):
        yield CHUNK


def bare_file(folder: Path, size: int) -> None:
    with (folder / "bare").open("wb") as file:
        for _ in range(size // len(CHUNK)):
            file.write(CHUNK)
        os.fsync(file.fileno())


async def small_blobs(store: EmbeddedStore, folder: Path) -> None:
    async def put() -> None:
        fresh = replace(REF, document_id=new_id("doc"))
        await store.blobs.put(fresh, "original", content(len(CHUNK)), max_bytes=MIB)

    bare_rate = bare_per_second(50, lambda: bare_file(folder, len(CHUNK)))
    beside = f"bare file, synced, its folder not: {bare_rate:,.0f}"
    row("64 KiB blobs, one client", await per_second(50, put), "per s", beside)
    row("64 KiB blobs, 8 clients", await per_second(200, put, 8), "per s")


async def big_blobs(store: EmbeddedStore, folder: Path) -> None:
    async def put() -> None:
        await store.blobs.put(REF, "original", content(100 * MIB), max_bytes=1 << 30)

    async def read() -> None:
        async for _ in store.blobs.read(REF, "original"):
            pass

    bare_rate = 100 * bare_per_second(1, lambda: bare_file(folder, 100 * MIB))
    beside = f"bare write and sync, no hash: {bare_rate:,.0f}"
    row("100 MiB blob, write, hash, sync", 100 * await per_second(1, put), "MiB/s", beside)
    row("100 MiB blob, read", 100 * await per_second(1, read), "MiB/s")
    rate = await per_second(2000, lambda: store.blobs.read_range(REF, "original", 500, 900))
    row("range of 400 bytes", 1e6 / rate, "µs")


async def opening(folder: Path) -> None:
    async def reopen() -> None:
        async with open_store(folder / "opened"):
            pass

    start = time.perf_counter()
    await reopen()
    row("opening an empty folder", 1e3 * (time.perf_counter() - start), "ms")
    row("opening again", 1e3 / await per_second(10, reopen), "ms")


async def main(folder: Path) -> None:
    await opening(folder)
    async with open_store(folder / "data") as store:
        bare = bare_database(folder)
        await reads(store, bare)
        await filters(store)
        await commits(store, bare)
        await jobs(store)
        await small_blobs(store, folder)
        await big_blobs(store, folder)
        bare.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the embedded store costs.")
    parser.add_argument("--folder", help="where to store; else the system's temporary folder")
    place = Path(tempfile.mkdtemp(dir=parser.parse_args().folder))
    try:
        uvloop.run(main(place))
    finally:
        shutil.rmtree(place)
