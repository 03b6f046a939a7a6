"""The account over HTTP: a path and a verb to what is done, with the headers of the service."""

import itertools
import json
from typing import Any

import orjson

from tests.peers.cosmos import accounts, declaring, queries
from tests.peers.cosmos.connection import Answer, Asked
from tests.peers.cosmos.documents import Documents
from tests.peers.cosmos.faults import Faults
from tests.peers.cosmos.refusal import Refused
from tests.peers.cosmos.reply import Reply
from tests.peers.cosmos.store import Store

JOURNAL = 10_000
RANGES_TAG = '"1"'  # a client asks until nothing is new


_activities = itertools.count()


class Peer:
    """Stands for one Cosmos DB account."""

    def __init__(self, path: str = ":memory:", consistency: str = "Strong") -> None:
        self.store = Store(path)
        self.faults = Faults()
        self.journal: list[tuple[str, str, int]] = []
        self._documents = Documents(self.store)
        self._consistency = consistency

    def at_once(self, asked: Asked) -> Answer | None:
        """Answer, unless faults are waiting, which may take time."""
        if asked.path.startswith("/_peer/"):
            return self._control(asked.method, asked.path, asked.body)
        if self.faults.waiting:
            return None
        reply = self._answered(asked)
        self._note(asked, reply.status)
        return _answer(reply)

    async def later(self, asked: Asked) -> Answer:
        """Answer with the fault that this request is to meet, if any."""
        method, path = asked.method, asked.path
        fault = await self.faults.strike(method, path, "before")
        if fault is None:
            reply = self._answered(asked)
            fault = await self.faults.strike(method, path, "after")
        if fault is not None and fault.body is not None:
            headers = {"content-type": "application/json", **fault.headers}
            return Answer(fault.status, headers, fault.body.encode())
        if fault is not None:
            reply = _refusal(Refused(fault.status, "as was asked for", substatus=fault.substatus))
            reply.headers.update(fault.headers)
        self._note(asked, reply.status)
        return _answer(reply)

    def _note(self, asked: Asked, status: int) -> None:
        self.journal.append((asked.method, asked.path, status))
        if len(self.journal) > JOURNAL:
            del self.journal[: -JOURNAL // 2]

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
