"""EVA API as the benchmark sees it: a program that is started, filled over HTTP, and asked."""

import contextlib
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from api_load import Plan, request, run
from api_processes import NotRunningError, Server, free_port, start
from peers.standing import client

API = "/api/v1"
_EVA = Path(sys.executable).with_name("eva")
_KEY = re.compile(r"eva_[0-9A-Za-z]+_[0-9A-Za-z_-]{16,}")
_KEY_FILE = "administrator-key.txt"
_ENDED = ("ready", "failed")


class Eva:
    """A running server with its administrator's key."""

    def __init__(self, server: Server, key: str) -> None:
        self.server, self.key = server, key
        self.headers = {"Authorization": f"Bearer {key}"}

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx2.Client]:
        with client(self.server.port, **self.headers) as opened:
            yield opened

    def read_space(self, space_id: str) -> str:
        """Render the point read."""
        return request("GET", f"{API}/spaces/{space_id}", self.headers)

    def asks(self, questions: Iterable[str], space_ids: Iterable[str]) -> tuple[str, ...]:
        """Render the questions, each to its space, that wait for their answer."""
        headers = {**self.headers, "Prefer": "wait=30"}
        pairs = zip(questions, space_ids, strict=False)
        bodies = ({"space_id": space_id, "question": q} for q, space_id in pairs)
        return tuple(request("POST", f"{API}/queries", headers, body) for body in bodies)

    def bands(self, asks: Sequence[str]) -> Counter[str]:
        """Put the questions once; return how far the sources carried, counted."""
        outcome = run(
            Plan(self.server.port, tuple(asks), 4, 60.0, most=len(asks), samples=len(asks))
        )
        return Counter(json.loads(body)["band"] for body in outcome.samples)


@contextlib.contextmanager
def serving(root: Path, **more: str) -> Iterator[Eva]:
    """Start `eva serve` on the data folder below `root`; the key is kept there for a next start.

    It counts nothing for Prometheus unless told to: the row on telemetry shows what that costs.
    """
    port = free_port()
    env = {"EVA_DATA_DIR": str(root / "data"), "EVA_PORT": str(port), "EVA_HOST": "127.0.0.1"}
    env["EVA_METRICS_PORT"] = "0"
    env["EVA_SHED_AFTER_MS"] = "0"  # what answers cost is measured, not when they are refused
    with start("EVA", [str(_EVA), "serve"], port, root / "log", env | more) as server:
        server.ready("/livez")
        yield Eva(server, _key(server, root / _KEY_FILE))


def _key(server: Server, kept: Path) -> str:
    """Return the key printed at a first start, or kept from one."""
    if not kept.exists():
        for _ in range(100):
            if found := _KEY.search(server.log.read_text()):
                kept.write_text(found[0])
                break
            time.sleep(0.05)
        else:
            raise NotRunningError(f"EVA printed no administrator key:\n{server.tail(30)}")
    return kept.read_text()


def make_space(http: httpx2.Client, name: str) -> str:
    return str(http.post(f"{API}/spaces", json={"name": name}).json()["id"])


def upload(http: httpx2.Client, space_id: str, name: str, content: Any, kind: str) -> str:
    files = {"file": (name, content, kind)}
    return str(http.post(f"{API}/spaces/{space_id}/documents", files=files).json()["id"])


def until_ready(http: httpx2.Client, document_ids: Sequence[str], within: float = 900.0) -> int:
    """Wait until every document is ready; return how many passages they have in all."""
    passages, deadline = 0, time.monotonic() + within
    for document_id in document_ids:
        told: dict[str, Any] = {"status": "pending"}
        while told["status"] not in _ENDED:
            if time.monotonic() > deadline:
                raise NotRunningError(f"{document_id} is {told['status']} after {within:g} s")
            told = http.get(f"{API}/documents/{document_id}").json()
            if told["status"] not in _ENDED:
                time.sleep(0.1)
        if told["status"] != "ready":
            raise NotRunningError(f"{told['filename']} failed: {told['reason']}")
        passages += told["passages"]
    return passages


def fill(eva: Eva, space_ids: Sequence[str], documents: Sequence[tuple[str, str]]) -> int:
    """Upload text documents, dealt round the spaces, four at a time; return their passages."""
    with eva.client() as http, ThreadPoolExecutor(4) as hands:
        places = (space_ids[n % len(space_ids)] for n in range(len(documents)))
        made = hands.map(lambda one: _upload_text(http, *one), zip(places, documents, strict=True))
        return until_ready(http, list(made))


def _upload_text(http: httpx2.Client, space_id: str, document: tuple[str, str]) -> str:
    return upload(http, space_id, document[0], document[1].encode(), "text/plain")


def sound(body: str) -> bool:
    """Tell whether an answer quotes what it claims to, and every sentence of it cites a quote.

    Where the sources only come near, the closest passages are cited and nothing is said; where
    they don't, nothing is cited either.
    """
    told = json.loads(body)
    if told["band"] == "nothing":
        return not told["citations"] and not told["sentences"]
    numbers = {one["number"] for one in told["citations"]}
    hashes = all(
        hashlib.sha256(one["quote"].encode()).hexdigest() == one["sha256"]
        for one in told["citations"]
    )
    cited = all(s["citations"] and numbers.issuperset(s["citations"]) for s in told["sentences"])
    said = bool(told["sentences"]) == (told["band"] == "answer")
    return bool(numbers) and hashes and cited and said
