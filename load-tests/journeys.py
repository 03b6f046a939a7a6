"""What people do with the service, over HTTP and nothing else.

Each journey says what statuses it expects; anything else is a failure, and what no journey may
meet at all (a 404, a 401) is noted as unexpected: such a run measured something else.
"""

import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust.contrib.fasthttp import FastHttpSession
from mix import WORDS
from plan import Seeds
from recording import Recording

API = "/api/v1"
WAIT_S = 20  # how long a question may wait for its answer
_POLL_S = 0.25
_SHED, _SERVER_ERROR = 503, 500


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, what it is called (its class comes first), and the status to be answered."""

    method: str
    path: str
    name: str
    expect: int = 200
    body: dict[str, Any] | None = None
    data: str | None = None
    headers: dict[str, str] | None = None


class Journeys:
    """One person's way through the service. `offset_ms` is what they waited before they began."""

    def __init__(self, client: FastHttpSession, seeds: Seeds, recording: Recording) -> None:
        self._client = client
        self._seeds = seeds
        self._recording = recording
        self._key = random.choice(seeds.keys)
        self._number = itertools.count()
        self._context: dict[str, Any] = {}
        self._late_ms = 0.0

    def go(self, name: str, *, late_ms: float = 0.0, step: int = -1) -> None:
        """Do one thing; the first answer counts from when it was due."""
        self._late_ms, self._context = late_ms, {"step": step}
        journey: Callable[[], object] = getattr(self, name)
        journey()

    def browse(self) -> None:
        """Look through spaces and documents."""
        space_id = random.choice(self._seeds.spaces)
        match random.randrange(4):
            case 0:
                self._call(Request("GET", f"{API}/spaces?limit=20", "read listSpaces"))
            case 1:
                self._call(Request("GET", f"{API}/spaces/{space_id}", "read getSpace"))
            case 2:
                path = f"{API}/spaces/{space_id}/documents?limit=20"
                self._call(Request("GET", path, "read listDocuments"))
            case _:
                document_id = random.choice(self._seeds.documents)
                self._call(Request("GET", f"{API}/documents/{document_id}", "read getDocument"))

    def ask(self) -> None:
        """Ask, and wait for the answer; now and then check a citation."""
        told = self._call(
            Request(
                "POST",
                f"{API}/queries",
                "ask createQuery",
                body=self._question(),
                headers={"Prefer": f"wait={WAIT_S}"},
            )
        )
        if told and told.get("citations") and random.random() < 0.2:  # noqa: PLR2004 - one in five
            path = f"{API}/queries/{told['id']}/citations/1/verify"
            self._call(Request("GET", path, "read verifyCitation"))

    def poll(self) -> None:
        """Ask, and come back for the answer."""
        told = self._call(
            Request(
                "POST", f"{API}/queries", "ask createQuery, 202", body=self._question(), expect=202
            )
        )
        if told is None:
            return
        path = f"{API}/queries/{told['id']}"
        until = time.time() + WAIT_S
        while told and told["status"] in ("pending", "processing"):
            if time.time() > until:
                self._recording.reasons["poll: no answer in time"] += 1
                return
            gevent.sleep(_POLL_S)
            told = self._call(Request("GET", path, "read getQuery"))
        if told:
            self._call(Request("GET", f"{path}/result", "read getQueryResult"))

    def manage(self) -> None:
        """Make a space, change it, delete it."""
        made = self._call(
            Request(
                "POST", f"{API}/spaces", "write createSpace", body={"name": "Scratch"}, expect=201
            )
        )
        if made:
            path = f"{API}/spaces/{made['id']}"
            self._call(
                Request(
                    "PATCH",
                    path,
                    "write updateSpace",
                    body={"description": "Soon gone"},
                    headers={"If-Match": "*"},
                )
            )
            self._call(Request("DELETE", path, "write deleteSpace", expect=204))

    def upload(self) -> None:
        """Add a short document to a space that is asked, too."""
        number = f"{id(self)}-{next(self._number)}-{time.time_ns()}"
        words = " ".join(random.choices(WORDS, k=80))
        text = f"Note {number}. The rule of the {random.choice(WORDS)} is this. {words}."
        edge = f"edge{number}"
        payload = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{text}\r\n--{edge}--\r\n"
        )
        space_id = random.choice(self._seeds.spaces)
        self._call(
            Request(
                "POST",
                f"{API}/spaces/{space_id}/documents",
                "upload uploadDocument",
                data=payload,
                headers={"Content-Type": f"multipart/form-data; boundary={edge}"},
                expect=202,
            )
        )

    def administer(self) -> None:
        """Look after the service."""
        path, name = random.choice(
            (
                (f"{API}/usage", "read getUsage"),
                (f"{API}/jobs/dead", "read listDeadJobs"),
                (f"{API}/auth/api-keys?limit=20", "read listApiKeys"),
            )
        )
        self._call(Request("GET", path, name))

    def probe(self) -> None:
        """Ask whether it lives, as an orchestrator does."""
        self._call(Request("GET", "/livez", "health getLiveness"))

    def listen(self) -> None:
        """Ask and hear the answer as events; its time is that of the first text."""
        began = time.perf_counter()
        with self._client.request(
            "POST",
            f"{API}/queries",
            name="stream createQuery",
            data=json.dumps(self._question()),
            headers=self._headers({"Accept": "text/event-stream"}),
            catch_response=True,
            stream=True,
            context=self._context,
        ) as response:
            heard, ended, last = None, None, ""
            if response.status_code == 200:  # noqa: PLR2004 - expected
                heard, ended, last = self._hear(response, began)
            late, self._late_ms = self._late_ms, 0.0
            if heard is not None:
                response.request_meta["response_time"] = heard + late
            if self._accepted(response, 200):
                if ended == "done":
                    response.success()
                else:
                    response.failure(f"the stream ended with {ended}: {last}")

    @staticmethod
    def _hear(response: Any, began: float) -> tuple[float | None, str | None, str]:
        """Return after how many ms text came, and the last event: its name, its code if any."""
        heard, name, code = None, None, ""
        while line := response._response.readline(b"\n"):  # noqa: SLF001 - no public way by lines
            if line.startswith(b"event: "):
                name = line[7:].decode().strip()
                if heard is None and name in ("sentence", "done", "error"):
                    heard = 1000 * (time.perf_counter() - began)
            elif line.startswith(b"data: ") and name == "error":
                code = str(json.loads(line[6:]).get("code"))
        return heard, name, code

    def _question(self) -> dict[str, Any]:
        asked = f"{random.choice(self._seeds.questions)} ({random.choice(WORDS)})"
        return {"space_ids": [random.choice(self._seeds.spaces)], "question": asked}

    def _headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"X-API-Key": self._key, "Content-Type": "application/json", **(more or {})}

    def _call(self, wanted: Request) -> dict[str, Any] | None:
        """Return the answer's JSON if its status is the expected one."""
        with self._client.request(
            wanted.method,
            wanted.path,
            name=wanted.name,
            data=wanted.data or (json.dumps(wanted.body) if wanted.body else None),
            headers=self._headers(wanted.headers),
            catch_response=True,
            context=self._context,
        ) as response:
            late, self._late_ms = self._late_ms, 0.0
            response.request_meta["response_time"] += late
            if not self._accepted(response, wanted.expect):
                return None
            response.success()
            told: dict[str, Any] = json.loads(response.content) if response.content else {}
            return told

    def _accepted(self, response: Any, expect: int) -> bool:
        status = response.status_code
        if status == expect:
            return True
        if status == _SHED and response.headers.get("Retry-After"):
            response.request_meta["context"] = {**self._context, "shed": True}
        if 0 < status < _SERVER_ERROR:
            self._recording.unexpected[f"{response.request_meta['name']}: {status}"] += 1
        response.failure(f"status {status}{_problem(response)}, {expect} expected")
        return False


def _problem(response: Any) -> str:
    """Return what a refusal says it is, if it says so."""
    try:
        return f" {json.loads(response.content)['code']}"
    except (ValueError, KeyError, TypeError):
        return ""
