"""Records, jobs, the audit trail and passages in Azure Cosmos DB for NoSQL.

    place = CosmosPlace(endpoint=…, key=None, vectors=Vectors(model=…, dimensions=…))
    means = CosmosMeans(identity=…, embedder=…, analyzer=…, seal=…, doorbell=…)
    async with open_cosmos(place, means) as store:
        store.records, store.keys, store.jobs, store.index, store.audit

Nothing need be reachable when it is opened: each call raises UnavailableError while the account
is not. `initialise` makes the containers that `declare` declares.

What is asked of the service is a written list, which the peer in tests/peers/cosmos enforces:
point operations and transactional batches with a whole partition key; queries within one logical
partition, with parameters, over indexed paths only; TOP, COUNT(1), ORDER BY one path,
ARRAY_CONTAINS, EXISTS, VectorDistance, FullTextContains, FullTextContainsAny and ORDER BY RANK
FullTextScore. No query crosses partitions.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from azure.core.credentials_async import AsyncTokenCredential

from app.adapters.azure.cosmos.account import Account, open_account
from app.adapters.azure.cosmos.audit import CosmosAuditLog
from app.adapters.azure.cosmos.chains import Chains
from app.adapters.azure.cosmos.commits import Commits
from app.adapters.azure.cosmos.container import Container
from app.adapters.azure.cosmos.declare import DIRECTORY, RECORDS, WORK, containers, passages_name
from app.adapters.azure.cosmos.directory import Directory
from app.adapters.azure.cosmos.dispatch import Dispatch
from app.adapters.azure.cosmos.doorbell import BothDoorbells, Doorbell, LocalDoorbell
from app.adapters.azure.cosmos.index import CosmosPassageIndex, Embedder
from app.adapters.azure.cosmos.initialising import Outcome, initialise
from app.adapters.azure.cosmos.jobs import CosmosJobQueue
from app.adapters.azure.cosmos.lanes import Lanes
from app.adapters.azure.cosmos.leases import Leases
from app.adapters.azure.cosmos.place import NEAR, CosmosCalls, CosmosPlace, Vectors
from app.adapters.azure.cosmos.records import CosmosKeyDirectory, CosmosRecords
from app.adapters.azure.cosmos.sealing import Seal
from app.adapters.azure.cosmos.shelves import Room, Shelves
from app.adapters.azure.cosmos.watch import Watch
from app.core.ports import Analyzer

__all__ = [
    "NEAR",
    "CosmosCalls",
    "CosmosMeans",
    "CosmosPlace",
    "CosmosStore",
    "Doorbell",
    "Embedder",
    "Outcome",
    "Seal",
    "Vectors",
    "containers",
    "initialise",
    "open_account",
    "open_cosmos",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CosmosMeans:
    """What the store works with. `doorbell` tells other processes of work at once.

    `cache_bytes` is the memory for spaces that are searched there; 0: all are searched by queries.
    """

    analyzer: Analyzer
    embedder: Embedder
    seal: Seal
    identity: AsyncTokenCredential | None = None
    doorbell: Doorbell | None = None
    calls: CosmosCalls = field(default_factory=CosmosCalls)
    cache_bytes: int = 0
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class CosmosStore:
    """The ports that rest on one account."""

    account: Account
    records: CosmosRecords
    keys: CosmosKeyDirectory
    jobs: CosmosJobQueue
    audit: CosmosAuditLog
    index: CosmosPassageIndex


@contextlib.asynccontextmanager
async def open_cosmos(place: CosmosPlace, means: CosmosMeans) -> AsyncIterator[CosmosStore]:
    """Open the ports for the duration of the context; raises ValueError without a credential."""
    async with AsyncExitStack() as stack:
        account = await stack.enter_async_context(open_account(place, means.calls, means.identity))
        chains = Chains()
        held = Container(account, RECORDS, "records")
        shelves = Container(account, DIRECTORY, "records")
        directory = Directory(shelves, Container(account, place.api_keys, "records"))
        entries = Lanes(Container(account, WORK, "jobs"))
        here = LocalDoorbell()
        bell = here if means.doorbell is None else BothDoorbells(here, means.doorbell)
        leases = Leases()
        watch = Watch(leases, here, bell, means.clock)
        dispatch = Dispatch(entries, watch, leases)
        commits = Commits(held, chains, leases)
        records = CosmosRecords(held, commits, directory, dispatch, means.clock)
        requests = Container(account, place.audit_logs, "audit")
        log = CosmosAuditLog((held, requests), directory, chains, means.seal, means.clock)
        stack.push_async_callback(log.close)
        searched = Container(account, passages_name(place.vectors), "index")
        room = Room(most_bytes=means.cache_bytes, dimensions=place.vectors.dimensions)
        spaces = Shelves(searched, room, means.analyzer.terms)
        stack.push_async_callback(spaces.close)
        yield CosmosStore(
            audit=log,
            index=CosmosPassageIndex(
                searched, means.analyzer, means.embedder, spaces, near=place.vectors.near
            ),
            account=account,
            records=records,
            keys=CosmosKeyDirectory(records, directory),
            jobs=CosmosJobQueue(held, entries, watch, leases, means.clock),
        )
