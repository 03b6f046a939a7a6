"""Compares what clients were told with what the service holds, once it has done all its work."""

import asyncio
import contextlib
import hashlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2

from tests.crash.journal import Journal
from tests.crash.service import API

ENDED = {"ready", "failed", "completed", "cancelled"}
SETTLING_S = 240.0  # leases of the last life run out, and what waited is done


class Checker:
    """Collects what is wrong, in words, and counts what it looked at."""

    def __init__(self, http: httpx2.AsyncClient, space_id: str, journal: Journal) -> None:
        self._http = http
        self._space_id = space_id
        self._journal = journal
        self.wrong: list[str] = list(journal.unexpected)
        self.seen: Counter[str] = Counter()

    async def check(self) -> None:
        """Look at everything."""
        await self._settle()
        await self._lists()
        for id_ in sorted(self._journal.living()):
            await self._document(id_)
        for id_ in sorted(self._journal.deleted):
            await self._deletion(id_)
        for id_ in sorted(self._journal.queries):
            await self._query(id_)

    async def _settle(self) -> None:
        """Wait until no job is left."""
        jobs: dict[str, int] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLING_S):
                while not jobs or jobs["waiting"] or jobs["running"]:
                    await asyncio.sleep(0.5)
                    jobs = (await self._http.get("/health/detailed")).json()["jobs"]
        self._require(not jobs["waiting"] and not jobs["running"], f"jobs are stuck: {jobs}")
        self._require(not jobs["dead"], f"jobs were given up: {jobs}")

    async def _lists(self) -> None:
        """Nothing is there twice, and nothing that nobody was told of."""
        documents = {d["id"] for d in await self._all(f"/spaces/{self._space_id}/documents")}
        self._same("documents", documents, self._journal.living())
        queries = await self._all(f"/queries?space_id={self._space_id}")
        self._same("queries", {q["id"] for q in queries}, set(self._journal.queries))
        asked = Counter(q["question"] for q in queries)
        self._require(max(asked.values(), default=0) <= 1, f"asked twice: {asked.most_common(1)}")

    def _same(self, what: str, there: set[str], told: set[str]) -> None:
        self._require(told <= there, f"{what} lost: {sorted(told - there)}")
        self._require(there <= told, f"{what} that nobody was told of: {sorted(there - told)}")

    async def _document(self, id_: str) -> None:
        document = (await self._get(f"/documents/{id_}")).json()
        told, newest = self._journal.documents[id_], document.get("version")
        self._require(newest == max(told), f"not the newest version: {document}")
        self._require(document.get("status") in ENDED, f"stuck: {document}")
        self._require(document.get("status") == "ready", f"not readable: {document}")
        for number, sha256 in told.items():
            content = await self._get(f"/documents/{id_}/content?version={number}")
            self.seen["originals compared"] += 1
            same = hashlib.sha256(content.content).hexdigest() == sha256
            self._require(same, f"{id_} version {number} differs: {content.status_code}")

    async def _deletion(self, id_: str) -> None:
        gone = await self._get(f"/documents/{id_}")
        self._require(gone.status_code == 404, f"deleted but there: {gone.text}")
        receipt = (await self._get(f"/receipts/{id_}")).json()
        done = receipt.get("completed_at") and not any(receipt["remaining"].values())
        self._require(bool(done), f"not erased: {receipt}")
        self.seen["receipts read"] += 1

    async def _query(self, id_: str) -> None:
        query = (await self._get(f"/queries/{id_}")).json()
        self._require(query.get("status") in ENDED, f"stuck: {query}")
        self._require(query.get("status") == "completed", f"not answered: {query}")
        self.seen["queries ended"] += 1
        result = (await self._get(f"/queries/{id_}/result")).json()
        for citation in result.get("citations", ()):
            await self._citation(id_, citation)

    async def _citation(self, query_id: str, citation: dict[str, Any]) -> None:
        found = await self._get(f"/queries/{query_id}/citations/{citation['number']}/verify")
        if citation["document_id"] in self._journal.deleted:
            self._require(found.status_code == 410, f"quotes a deleted source: {found.text}")
            self.seen["citations of deleted sources"] += 1
        else:
            true = found.status_code == 200 and found.json()["matches"]
            self._require(true, f"citation does not hold: {citation} {found.text}")
            self.seen["citations verified"] += 1

    async def _all(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            joint = "&" if "?" in path else "?"
            page = (await self._get(f"{path}{joint}limit=100{cursor}")).json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def _get(self, path: str) -> httpx2.Response:
        return await self._http.get(API + path)

    def _require(self, true: bool, otherwise: str) -> None:
        if not true:
            self.wrong.append(otherwise)


def damaged_databases(folder: Path) -> list[str]:
    """Every database below the folder that does not pass SQLite's own check."""
    found = []
    for path in sorted(folder.rglob("*.db")):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                found.append(str(path))
    return found
