"""The account over HTTP: a path and a verb to what is done, with the headers of the service."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tests.peers.cosmos import accounts, declaring, queries
from tests.peers.cosmos.documents import Documents
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.refusal import Refused
from tests.peers.cosmos.reply import Reply
from tests.peers.cosmos.store import Store

JOURNAL = 10_000
RANGES_TAG = '"1"'  # a client asks until nothing is new


_activities = itertools.count()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its headers' names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """An ASGI application that stands for one Cosmos DB account."""

    def __init__(self, path: str = ":memory:", consistency: str = "Strong") -> None:
        self.store = Store(path)
        self.faults = Faults()
        self.journal: list[tuple[str, str, int]] = []
        self._documents = Documents(self.store)
        self._consistency = consistency

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            asked = Asked(scope["method"], scope["path"], headers, await _body(receive))
            await _send(await self._respond(asked), send)

    async def _respond(self, asked: Asked) -> Answer:
        method, path = asked.method, asked.path
        if path.startswith("/_peer/"):
            return self._control(method, path, asked.body)
        fault = await self.faults.strike(method, path, "before")
        if fault is None:
            reply = self._answered(asked)
            fault = await self.faults.strike(method, path, "after")
        if fault is not None and fault.body is not None:
            return Answer(fault.status, fault.headers, fault.body.encode())
        if fault is not None:
            reply = _refusal(Refused(fault.status, "as was asked for", substatus=fault.substatus))
            reply.headers.update(fault.headers)
        self.journal.append((method, path, reply.status))
        if len(self.journal) > JOURNAL:
            del self.journal[: -JOURNAL // 2]
        return _answer(reply)

    def _answered(self, asked: Asked) -> Reply:
        try:
            accounts.require(asked.method, asked.path, asked.headers)
            said = orjson.loads(asked.body) if asked.body else {}
            parts = [part for part in asked.path.split("/") if part]
            return self._done(asked, parts, said)
        except Refused as refused:
            return _refusal(refused)

    def _done(self, asked: Asked, parts: list[str], body: Any) -> Reply:
        headers = asked.headers
        match asked.method, parts:
            case method, ["dbs", database, "colls", name, "docs", *rest]:
                container = self.store.container(f"{database}/{name}")
                if method == "POST" and "x-ms-cosmos-is-query-plan-request" in headers:
                    return Reply(queries.plan(container, body))
                return self._documents.done(method, container, rest, (headers, body))
            case "GET", []:
                return Reply(self._account(f"http://{headers['host']}/"))
            case method, ["dbs", *rest] if len(rest) <= 3:
                return self._declared(method, rest, body)
            case "GET", ["dbs", database, "colls", name, "pkranges"]:
                ranges = declaring.ranges(self.store, f"{database}/{name}")
                known = headers.get("if-none-match") == RANGES_TAG
                return Reply(None if known else ranges, 304 if known else 200, {"etag": RANGES_TAG})
            case method, _:
                raise Refused(400, f"not in the allowed subset: {method} /{'/'.join(parts)}")

    def _declared(self, method: str, rest: list[str], body: Any) -> Reply:
        match method, rest:
            case "POST", []:
                return Reply(declaring.create_database(self.store, body), 201)
            case "GET", [name]:
                return Reply(declaring.database(self.store, name))
            case "POST", [name, "colls"]:
                return Reply(declaring.create(self.store, name, body), 201)
            case "GET", [database, "colls", name]:
                return Reply(self.store.container(f"{database}/{name}").properties)
            case "PUT", [database, "colls", name]:
                return Reply(declaring.replace(self.store, f"{database}/{name}", body))
            case "DELETE", [name]:
                self.store.drop(name)
                return Reply(None, 204)
            case _:
                raise Refused(400, f"not in the allowed subset: {method} dbs/{'/'.join(rest)}")

    def _account(self, endpoint: str) -> dict[str, Any]:
        place = [{"name": "here", "databaseAccountEndpoint": endpoint}]
        return {
            "id": "peer",
            "_rid": "peer.local",
            "writableLocations": place,
            "readableLocations": place,
            "enableMultipleWriteLocations": False,
            "userConsistencyPolicy": {"defaultConsistencyLevel": self._consistency},
            "queryEngineConfiguration": "{}",
        }

    def _control(self, method: str, path: str, body: bytes) -> Answer:
        match method, path:
            case "POST", "/_peer/faults":
                self.faults.add(json.loads(body))
            case "DELETE", "/_peer/faults":
                self.faults.end()
            case "GET", "/_peer/journal":
                return _answer(Reply({"requests": self.journal}))
            case _:
                return _answer(Reply({"message": "no such thing"}, 404))
        return _answer(Reply(None, 204))


def _refusal(refused: Refused) -> Reply:
    body = {"code": str(refused.status), "message": refused.reason}
    headers = {"x-ms-substatus": str(refused.substatus)} if refused.substatus else {}
    return Reply(body, refused.status, headers)


def _answer(reply: Reply) -> Answer:
    headers = {
        "content-type": "application/json",
        "x-ms-request-charge": f"{reply.charge:.2f}",
        "x-ms-activity-id": f"00000000-0000-4000-8000-{next(_activities):012x}",
        **reply.headers,
    }
    body = b"" if reply.body is None else orjson.dumps(reply.body)
    return Answer(reply.status, headers, body)


async def _body(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _send(answer: Answer, send: Any) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    if answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
