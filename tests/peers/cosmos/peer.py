"""The account over HTTP: a path and a verb to what is done, with the headers of the service."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tests.peers.cosmos import accounts, declaring, queries
from tests.peers.cosmos.documents import Documents
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.refusal import Refused
from tests.peers.cosmos.reply import Reply
from tests.peers.cosmos.store import Store

JOURNAL = 10_000
RANGES_TAG = '"1"'  # a client asks until nothing is new


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
            request = Request(scope, receive)
            response = await self._respond(request, await request.body())
            await response(scope, receive, send)

    async def _respond(self, request: Request, body: bytes) -> Response:
        method, path = request.method, request.url.path
        if path.startswith("/_peer/"):
            return self._control(method, path, body)
        fault = await self.faults.strike(method, path, "before")
        if fault is None:
            reply = self._answered(request, body)
            fault = await self.faults.strike(method, path, "after")
        if fault is not None and fault.body is not None:
            return Response(fault.body, fault.status, fault.headers, "application/json")
        if fault is not None:
            reply = _refusal(Refused(fault.status, "as was asked for", substatus=fault.substatus))
            reply.headers.update(fault.headers)
        self.journal.append((method, path, reply.status))
        del self.journal[:-JOURNAL]
        return _response(reply)

    def _answered(self, request: Request, body: bytes) -> Reply:
        try:
            accounts.require(request.method, request.url.path, request.headers)
            said = orjson.loads(body) if body else {}
            parts = [part for part in request.scope["path"].split("/") if part]
            return self._done(request, parts, said)
        except Refused as refused:
            return _refusal(refused)

    def _done(self, request: Request, parts: list[str], body: Any) -> Reply:
        match request.method, parts:
            case "GET", []:
                return Reply(self._account(f"{request.url.scheme}://{request.url.netloc}/"))
            case method, ["dbs", *rest] if len(rest) <= 3:
                return self._declared(method, rest, body)
            case "GET", ["dbs", database, "colls", name, "pkranges"]:
                ranges = declaring.ranges(self.store, f"{database}/{name}")
                known = request.headers.get("if-none-match") == RANGES_TAG
                return Reply(None if known else ranges, 304 if known else 200, {"etag": RANGES_TAG})
            case method, ["dbs", database, "colls", name, "docs", *rest]:
                container = self.store.container(f"{database}/{name}")
                if method == "POST" and "x-ms-cosmos-is-query-plan-request" in request.headers:
                    return Reply(queries.plan(container, body))
                return self._documents.done(method, container, rest, (request.headers, body))
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

    def _control(self, method: str, path: str, body: bytes) -> Response:
        match method, path:
            case "POST", "/_peer/faults":
                self.faults.add(json.loads(body))
            case "DELETE", "/_peer/faults":
                self.faults.end()
            case "GET", "/_peer/journal":
                return _response(Reply({"requests": self.journal}))
            case _:
                return _response(Reply({"message": "no such thing"}, 404))
        return _response(Reply(None, 204))


def _refusal(refused: Refused) -> Reply:
    body = {"code": str(refused.status), "message": refused.reason}
    headers = {"x-ms-substatus": str(refused.substatus)} if refused.substatus else {}
    return Reply(body, refused.status, headers)


def _response(reply: Reply) -> Response:
    headers: Mapping[str, str] = {
        "x-ms-request-charge": f"{reply.charge:.2f}",
        "x-ms-activity-id": str(uuid.uuid4()),
        **reply.headers,
    }
    content = b"" if reply.body is None else orjson.dumps(reply.body)
    return Response(content, reply.status, headers, "application/json")
