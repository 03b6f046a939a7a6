"""Clients that upload, ask, renew and delete at once, and never give a request up.

A request that got no answer is sent again, with the same Idempotency-Key, until it gets one.
"""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.crash.journal import DICE, Journal
from tests.crash.service import API

BUSY = {"unavailable", "storage-full", "idempotency-in-flight", "overloaded", "rate-limited"}
SYLLABLES = ("ba", "co", "du", "fe", "gi", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "zi")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a client goes, in seconds, and how much it uploads.

    It goes on with something else after `patience_s`.
    """

    patience_s: float = 0.5
    pause_s: tuple[float, float] = (0.0, 0.3)
    uploads: int = 5  # for 4 questions, one renewal and one deletion
    paragraphs: int = 200  # at most, of a document


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, and what its answer tells."""

    method: str
    path: str
    expected: tuple[int, ...]
    told: Callable[[httpx2.Response], None]
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


class Clients:
    """Some clients of one service; `space_id` is where they all work."""

    def __init__(
        self, http: httpx2.AsyncClient, space_id: str, journal: Journal, pace: Pace | None = None
    ) -> None:
        self._http = http
        self._pace = pace or Pace()
        self._space_id = space_id
        self._journal = journal
        self._idle: list[str] = []  # documents that no request is about
        self._pending: set[asyncio.Task[None]] = set()

    async def client(self, stop: asyncio.Event) -> None:
        """Do one thing after the other until told to stop."""
        deeds = [self._upload] * self._pace.uploads + [self._ask] * 4 + [self._renew, self._delete]
        while not stop.is_set():
            if (call := DICE.choice(deeds)()) is not None:
                await self._do(call)

    async def asker(self, stop: asyncio.Event, word: str) -> None:
        """Ask about one project, one question after the other, until told to stop."""
        while not stop.is_set():
            await self._do(self._question(word))

    async def lay_ground(self) -> str:
        """Upload a document that nobody renews or deletes; return the word of its project."""
        word, content = _content(self._pace.paragraphs)

        def told(response: httpx2.Response) -> None:
            self._journal.documents[response.json()["id"]] = {}
            self._known(response, word, content)

        await self._until_known(self._uploading(content, told))
        return word

    async def _do(self, call: Call) -> None:
        """Send it, and go on after a while even if nobody knows yet what became of it."""
        task = asyncio.create_task(self._until_known(call))
        self._pending.add(task)
        await asyncio.wait({task}, timeout=self._pace.patience_s)
        await asyncio.sleep(DICE.uniform(*self._pace.pause_s))

    async def finish(self) -> None:
        """Wait until the outcome of every request is known."""
        await asyncio.gather(*self._pending)

    async def _until_known(self, call: Call) -> None:
        while True:
            try:
                response = await self._http.request(
                    call.method, API + call.path, headers=call.headers, **call.body
                )
            except httpx2.TransportError:
                self._journal.repeated += 1
                await asyncio.sleep(0.5)
                continue
            if response.status_code in call.expected:
                call.told(response)
                return
            if _code(response) not in BUSY:
                self._journal.unexpected.append(f"{call.method} {call.path}: {response.text}")
                return
            await asyncio.sleep(float(response.headers.get("retry-after", 0.5)))

    def _upload(self) -> Call:
        word, content = _content(self._pace.paragraphs)

        def told(response: httpx2.Response) -> None:
            self._journal.documents[response.json()["id"]] = {}
            self._stored(response, word, content)

        return self._uploading(content, told)

    def _uploading(self, content: bytes, told: Callable[[httpx2.Response], None]) -> Call:
        path = f"/spaces/{self._space_id}/documents"
        return _once("POST", path, told, files=_file(content), data={"metadata": '{"by": "crash"}'})

    def _renew(self) -> Call | None:
        id_, (word, content) = self._free(), _content(self._pace.paragraphs)
        if id_ is None:
            return None

        def told(response: httpx2.Response) -> None:
            self._stored(response, word, content)

        return _once("POST", f"/documents/{id_}/versions", told, files=_file(content))

    def _stored(self, response: httpx2.Response, word: str, content: bytes) -> None:
        self._idle.append(self._known(response, word, content))

    def _known(self, response: httpx2.Response, word: str, content: bytes) -> str:
        id_, version = str(response.json()["id"]), response.json()["version"]
        self._journal.documents[id_][version] = hashlib.sha256(content).hexdigest()
        self._journal.words[id_] = word
        return id_

    def _ask(self) -> Call | None:
        if not self._idle:
            return None
        return self._question(self._journal.words[DICE.choice(self._idle)])

    def _question(self, word: str) -> Call:
        mark = uuid.uuid4().hex[:8]  # no other question holds it
        question = f"How many dollars a day is the allowance of project {word}? {mark}"

        def told(response: httpx2.Response) -> None:
            self._journal.queries[response.json()["id"]] = question

        body = {"space_ids": [self._space_id], "question": question}
        return _once("POST", "/queries", told, json=body)

    def _delete(self) -> Call | None:
        id_ = self._free()
        if id_ is None:
            return None

        def told(_: httpx2.Response) -> None:
            self._journal.deleted.add(id_)

        return Call(method="DELETE", path=f"/documents/{id_}", expected=(204, 404), told=told)

    def _free(self) -> str | None:
        return self._idle.pop(DICE.randrange(len(self._idle))) if self._idle else None


def _once(method: str, path: str, told: Callable[[httpx2.Response], None], **body: Any) -> Call:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return Call(
        method=method, path=path, expected=(200, 202), told=told, headers=headers, body=body
    )


def _content(paragraphs: int) -> tuple[str, bytes]:
    word = "".join(DICE.choice(SYLLABLES) for _ in range(4)).capitalize()
    dollars = DICE.randrange(10, 999)
    lines = [f"The allowance of project {word} is {dollars} dollars a day."]
    lines += [
        f"Paragraph {n} of {word} says nothing new." for n in range(DICE.randrange(paragraphs))
    ]
    return word, "\n\n".join([*lines, uuid.uuid4().hex]).encode()


def _file(content: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("allowance.txt", content, "text/plain")}


def _code(response: httpx2.Response) -> str:
    try:
        return str(json.loads(response.text).get("code"))
    except ValueError:
        return response.text
