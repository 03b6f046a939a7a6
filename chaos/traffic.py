"""`python -m chaos.traffic`: clients that read, ask, upload and delete until SIGTERM.

Whatever they were told is written down: each request as it ended (`--seen`), and in the end, once
the outcome of every write is known, what was acknowledged and what of it is not there (`--found`).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import httpx2

from chaos.observing import Log, Seen
from tests.crash.checker import Checker
from tests.crash.clients import Clients, Pace
from tests.crash.journal import Journal

API = "/api/v1"
_WRITERS, _ASKERS, _READERS, _LOOKERS = 2, 2, 6, 6  # enough to be judged by within seconds
_MANY = httpx2.Limits(max_connections=200)
_KINDS = (("/queries", "ask"), ("/versions", "upload"), ("/documents", "upload"))
_PAUSE_S = (0.2, 0.6)  # between two looks of a reader
_WRITING_S = (0.5, 1.5)  # between two deeds of a writer, as people pause


class Watched(httpx2.AsyncClient):
    """A client whose every request is written down."""

    def __init__(self, log: Log, **options: Any) -> None:  # noqa: ANN401 - the client's own
        super().__init__(**options)
        self._log = log

    async def request(self, method: str, url: Any, **given: Any) -> httpx2.Response:  # noqa: ANN401
        """Send, and write down how it went; what raises is raised."""
        began, kind = time.monotonic(), _kind(method, str(url))
        response = None
        try:
            response = await super().request(method, url, **given)
            return response
        finally:
            self._log.add(_seen(kind, response, (time.monotonic() - began) * 1000))


def _kind(method: str, path: str) -> str:
    if path.startswith("/livez"):
        return "health"
    if method == "GET":
        return "read"
    if method == "DELETE":
        return "write"
    return next((kind for end, kind in _KINDS if path.endswith(end)), "write")


def _seen(kind: str, response: httpx2.Response | None, ms: float) -> Seen:
    if response is None:
        return Seen(at=time.time(), kind=kind, status=0, ms=ms)
    said: dict[str, Any] = {}
    if response.headers.get("content-type", "").startswith(("application/json", "application/pr")):
        said = response.json()
    return Seen(
        at=time.time(),
        kind=kind,
        status=response.status_code,
        ms=ms,
        code=str(said.get("code", "")) if response.is_error else "",
        retry_after="retry-after" in response.headers,
        degraded=bool(said.get("degraded")),
        composed=said.get("band") == "answer",
    )


async def _reading(http: httpx2.AsyncClient, path: str, stop: asyncio.Event) -> None:
    """Look at something again and again."""
    while not stop.is_set():
        with contextlib.suppress(httpx2.TransportError):
            await http.get(path)
        await asyncio.sleep(random.uniform(*_PAUSE_S))  # noqa: S311 - spreads clients


async def run(given: argparse.Namespace) -> None:
    """Work until told to stop, then compare what was acknowledged with what is there."""
    stop, journal = asyncio.Event(), Journal()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    key, token = {"X-API-Key": os.environ["CHAOS_KEY"]}, os.environ.get("CHAOS_TOKEN")
    bearer = {"Authorization": f"Bearer {token}"} if token else key
    common: dict[str, Any] = {"base_url": given.url, "timeout": 15, "limits": _MANY}
    # One thing at a time: clients that pile requests up keep down what is down.
    pace = Pace(patience_s=120, pause_s=tuple(given.pause), uploads=1, paragraphs=20)
    with given.seen.open("a", encoding="utf-8") as file:
        log = Log(file)
        async with (
            Watched(log, **common, headers={**key, "Prefer": "wait=10"}) as http,  # for answers
            Watched(log, **common, headers=bearer) as other,
            httpx2.AsyncClient(**common, headers=key) as plain,
        ):
            made = await http.post(f"{API}/spaces", json={"name": "Experiment"})
            space = made.raise_for_status().json()["id"]
            writing = Clients(http, space, journal, pace)
            ground = await writing.lay_ground()
            async with asyncio.TaskGroup() as group:
                for _ in range(given.writers):
                    group.create_task(writing.client(stop))
                for _ in range(_ASKERS):
                    group.create_task(writing.asker(stop, ground))
                for n in range(_READERS):
                    reader = other if n % 4 == 0 else http
                    group.create_task(_reading(reader, f"{API}/spaces/{space}", stop))
                for _ in range(_LOOKERS):
                    group.create_task(_reading(http, "/livez", stop))
            await writing.finish()
            checker = Checker(plain, space, journal)
            await checker.check()
    told = {"acknowledged": journal.counts(), "looked at": checker.seen, "wrong": checker.wrong}
    given.found.write_text(json.dumps(told, indent=1), encoding="utf-8")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seen", type=Path, required=True)
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--writers", type=int, default=_WRITERS)
    parser.add_argument("--pause", type=float, nargs=2, default=_WRITING_S, help="of a writer")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
