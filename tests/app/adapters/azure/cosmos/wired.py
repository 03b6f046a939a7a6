"""Every request about items as it leaves, and the two ways that it may take."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import yarl

from app.adapters.azure.cosmos import CosmosStore, account
from app.adapters.azure.cosmos.ways import BySdk, Way
from app.adapters.azure.cosmos.wire import ByWire
from app.adapters.azure.pooling import pool
from tests.contract.cosmos import fresh_database
from tests.peers.cosmos.running import Running

PLACE = ("ten_1", "spc_é")
ID = "a b é:~2f'"
ITEM: dict[str, Any] = {
    "id": ID,
    "tenant_id": PLACE[0],
    "space_id": PLACE[1],
    "kind": "z",
    "n": 1.5,
}
SDK = "azsdk-python-cosmos"
# What only tells who asks, when, and which of their requests it is; and what the service may do
# without: capabilities of a client, the container's own id, hints for a proxy of another protocol.
OWN = frozenset(
    {
        "authorization",
        "user-agent",
        "accept-encoding",
        "content-length",
        "host",
        "x-ms-date",
        "x-ms-activity-id",
        "x-ms-client-id",
        "x-ms-cosmos-correlated-activityid",
        "x-ms-cosmos-sdk-supportedcapabilities",
        "x-ms-cosmos-intended-collection-rid",
        "x-ms-documentdb-query-iscontinuationexpected",
        "x-ms-thinclient-proxy-resource-type",
        "x-ms-thinclient-proxy-operation-type",
    }
)


@dataclass
class Sent:
    """A request about items as it left."""

    method: str
    url: yarl.URL
    headers: dict[str, str]
    body: bytes = b""

    @property
    def by_sdk(self) -> bool:
        return SDK in self.headers.get("user-agent", "")

    @property
    def meant(self) -> tuple[str, str, dict[str, str], Any]:
        """What it says, without what is each request's own."""
        said = {name: value for name, value in self.headers.items() if name not in OWN}
        if not self.body:
            said.pop("content-type", None)
        key = json.loads(said.pop("x-ms-documentdb-partitionkey"))
        body = json.loads(self.body) if self.body else None
        return self.method, self.url.raw_path, said, [key, body]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Every request about items, from now on."""
    seen: list[Sent] = []

    async def begun(_: object, context: SimpleNamespace, told: Any) -> None:
        headers = {name.lower(): value for name, value in told.headers.items()}
        context.one = Sent(told.method, told.url, headers)
        if "/docs" in told.url.path:
            seen.append(context.one)

    async def chunk(_: object, context: SimpleNamespace, told: Any) -> None:
        context.one.body += told.chunk

    def watched(connections: int) -> aiohttp.ClientSession:
        session = pool(connections)
        watch = aiohttp.TraceConfig()
        watch.on_request_start.append(begun)
        watch.on_request_chunk_sent.append(chunk)
        watch.freeze()
        session._trace_configs.append(watch)
        return session

    monkeypatch.setattr(account, pool.__name__, watched)
    return seen


@pytest.fixture
async def store(cosmos_peer: Running, sent: list[Sent]) -> AsyncIterator[CosmosStore]:
    async with fresh_database(cosmos_peer) as opened:
        await opened.records.ping()  # the first request of a minute is the SDK's
        sent.clear()
        yield opened


@dataclass
class Both:
    """The two ways to one container, and what each is charged."""

    long: Way
    short: Way
    charged: list[str] = field(default_factory=list)


@pytest.fixture
async def both(store: CosmosStore) -> Both:
    charged: list[str] = []

    def told(headers: Any, *_: object) -> None:
        charged.append(headers["x-ms-request-charge"])

    endpoint = await store.account.endpoint()
    assert endpoint is not None
    place = store.account.place
    short = ByWire(endpoint, place.database, "records", ("tenant_id", "space_id"), told)
    return Both(BySdk(await store.account.container("records"), told), short, charged)
