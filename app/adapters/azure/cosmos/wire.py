"""The short way to items: requests as the SDK sends them, without its layers.

Source: "Azure Cosmos DB REST API reference"; a test holds each request to what the SDK sends.
"""

import functools
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import orjson
from azure.core.exceptions import ServiceResponseError
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

from app.adapters.azure.cosmos.signing import date_now
from app.adapters.azure.cosmos.ways import Item, Operation, Place, Told

_VERSION = "2020-07-15"
_ROWS = "1000"
_BATCH = {
    "x-ms-cosmos-is-batch-request": "True",
    "x-ms-cosmos-batch-atomic": "True",
    "x-ms-cosmos-batch-continue-on-error": "False",
}
_QUERY = {
    "content-type": "application/query+json",
    "x-ms-documentdb-isquery": "true",
    "x-ms-max-item-count": _ROWS,
}
_json = functools.partial(json.dumps, separators=(",", ":"))
_UPSERT = {"x-ms-documentdb-is-upsert": "True"}
_KINDS = {one.lower(): one for one in ("Create", "Upsert", "Replace", "Patch", "Delete")}
_REFUSED, _PARTLY, _FAILED_WITH_ANOTHER = 400, 207, 424
_HERE = ("localhost", "127.0.0.1")  # where an emulator's certificate is nobody's


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account is just now, and how its requests are authorised.

    `authorise` gives the header for a method, a link and a date.
    """

    session: aiohttp.ClientSession
    writes: str
    reads: str
    authorise: Callable[[str, str, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ByWire:
    """The short way to the container `name`; `keys` are the members of its partition key."""

    endpoint: Endpoint
    database: str
    name: str
    keys: Sequence[str]
    told: Told

    async def read(self, place: Place, id_: str) -> Item:
        """Return an item."""
        return _item(await self._send("GET", place, id_))

    async def query(self, place: Place, sql: str, parameters: Mapping[str, object]) -> list[Any]:
        """Return every row of a query within one logical partition, page by page."""
        given = [{"name": name, "value": value} for name, value in parameters.items()]
        asked, headers = {"query": sql, "parameters": given}, dict(_QUERY)
        rows: list[Any] = []
        while True:
            answer = await self._send("POST", place, None, asked, headers)
            rows += orjson.loads(answer.body)["Documents"]
            if not (more := answer.headers.get("x-ms-continuation")):
                return rows
            headers["x-ms-continuation"] = more

    async def create(self, item: Item) -> None:
        """Store an item that is not there."""
        _item(await self._send("POST", self._place(item), None, item))

    async def upsert(self, item: Item) -> None:
        """Store an item, whatever is there."""
        _item(await self._send("POST", self._place(item), None, item, _UPSERT))

    async def replace(self, item: Item, tag: str) -> Item:
        """Replace an item that has this tag, and return it as it is now."""
        condition = {"if-match": tag}
        return _item(await self._send("PUT", self._place(item), item["id"], item, condition))

    async def delete(self, place: Place, id_: str) -> None:
        """Delete an item."""
        await self._send("DELETE", place, id_)

    async def batch(self, place: Place, operations: Sequence[Operation]) -> list[Item]:
        """Apply all operations or none, and return what is said of each."""
        asked = [_operation(*one) for one in operations]
        answer = await self._send("POST", place, None, asked, _BATCH)
        said: list[Item] = orjson.loads(answer.body)
        if answer.status_code == _PARTLY:
            raise _batch_refused(said, answer)
        if len(said) != len(asked):
            raise ValueError("an answer that is not of this batch")
        return said

    def _place(self, item: Item) -> Place:
        return tuple(item[key] for key in self.keys)

    async def _send(
        self,
        method: str,
        place: Place,
        id_: str | None,
        body: object = None,
        more: Mapping[str, str] | None = None,
    ) -> "_Answer":
        """Return an answer that is no refusal; CosmosHttpResponseError, ServiceResponseError."""
        date, link = date_now(), f"dbs/{self.database}/colls/{self.name}"
        path = f"/{quote(link)}/docs/"
        if id_ is not None:
            link, path = f"{link}/docs/{id_}", f"{path}{quote(id_, safe='')}/"
        reads = method == "GET" or (more is not None and "x-ms-documentdb-isquery" in more)
        home = self.endpoint.reads if reads else self.endpoint.writes
        headers = {
            "accept": "application/json",
            "cache-control": "no-cache",
            "content-type": "application/json",
            "x-ms-version": _VERSION,
            "x-ms-documentdb-partitionkey": _json(place),  # ASCII, as headers are
            "x-ms-date": date,
            "authorization": await self.endpoint.authorise(method, link, date),
            **(more or {}),
        }
        sent = None if body is None else orjson.dumps(body)
        return await self._answered(method, home.rstrip("/") + path, headers, sent)

    async def _answered(
        self, method: str, url: str, headers: Mapping[str, str], sent: bytes | None
    ) -> "_Answer":
        try:
            async with self.endpoint.session.request(
                method,
                url,
                headers=headers,
                data=sent,
                allow_redirects=False,
                ssl=urlsplit(url).hostname not in _HERE,
            ) as response:
                answer = _Answer(response.status, response.headers, await response.read())
        except aiohttp.ClientError as error:
            raise ServiceResponseError(type(error).__name__, error=error) from error
        if answer.status_code >= _REFUSED:
            raise _refused(answer)
        self.told(answer.headers)
        return answer


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered, in the form in which the SDK's errors take it."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    reason: str = ""

    def text(self) -> str:
        return self.body.decode(errors="replace")


def _item(answer: _Answer) -> Item:
    """Return the item that was answered; ValueError if it is none."""
    item = orjson.loads(answer.body)
    if not isinstance(item, dict) or "_etag" not in item:
        raise ValueError("an answer that is no item")
    return item


def _operation(
    kind: str, given: tuple[Any, ...], condition: Mapping[str, str] | None = None
) -> Item:
    """Return an operation of a batch as it is sent."""
    asked: Item = {"operationType": _KINDS[kind]}
    match kind, given:
        case "create" | "upsert", (item,):
            asked["resourceBody"] = item
        case "patch", (id_, changes):
            asked |= {"id": id_, "resourceBody": {"operations": changes}}
        case "replace", (id_, item):
            asked |= {"id": id_, "resourceBody": item}
        case _:
            [asked["id"]] = given
    if condition:
        asked["ifMatch"] = condition["if_match_etag"]
    return asked


def _refused(answer: _Answer) -> CosmosHttpResponseError:
    return CosmosHttpResponseError(response=answer)  # type: ignore[no-untyped-call]


def _batch_refused(said: Sequence[Item], answer: _Answer) -> CosmosBatchOperationError:
    statuses = [int(one["statusCode"]) for one in said]
    failed = (n for n, status in enumerate(statuses) if _REFUSED <= status != _FAILED_WITH_ANOTHER)
    index = next(failed)
    return CosmosBatchOperationError(  # type: ignore[no-untyped-call]
        error_index=index, headers=answer.headers, status_code=statuses[index], message=""
    )
