"""Databases, containers and items: in memory to be asked, in SQLite to outlive the process."""

import json
import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import orjson

from tests.peers.cosmos.partition import Item, Partition
from tests.peers.cosmos.policy import Policy
from tests.peers.cosmos.refusal import Refused

Key: TypeAlias = tuple[str, str]  # of an item: its logical partition as JSON, its id
_SCHEMA = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; -- outlives the process, not the machine
CREATE TABLE IF NOT EXISTS container (name TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS item (
    container TEXT, partition TEXT, id TEXT, body TEXT, PRIMARY KEY (container, partition, id)
) WITHOUT ROWID;
"""


@dataclass
class Container:
    """A container and what is in it, by logical partition and id."""

    name: str  # database/container
    properties: dict[str, Any]
    items: defaultdict[str, Partition] = field(default_factory=lambda: defaultdict(Partition))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(self.properties["partitionKey"]["paths"])

    @cached_property
    def policy(self) -> Policy:
        return Policy(self.properties)

    def partition_of(self, item: Item) -> str:
        """Return the logical partition as JSON, by what the item says."""
        return json.dumps([item.get(path.strip("/")) for path in self.paths])


class Store:
    """Everything of one account."""

    def __init__(self, path: str = ":memory:", clock: Callable[[], float] = time.time) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._clock = clock
        self.databases: set[str] = set()
        self.containers: dict[str, Container] = {}
        self.newest = self._load()

    def close(self) -> None:
        self._database.close()

    @property
    def now(self) -> int:
        return int(self._clock())

    def container(self, name: str) -> Container:
        if name not in self.containers:
            raise Refused(404, f"no container {name}", substatus=1003)
        return self.containers[name]

    def declare(self, name: str, properties: dict[str, Any]) -> Container:
        """Create a container or replace what it declares."""
        known = self.containers.get(name)
        stamped = self._stamped(properties, known.properties if known else None)
        self.containers[name] = Container(name, stamped)
        if known:
            self.containers[name].items = known.items
        self.databases.add(name.partition("/")[0])
        rows = "INSERT OR REPLACE INTO container VALUES (?, ?)"
        self._database.execute(rows, (name, json.dumps(stamped)))
        return self.containers[name]

    def drop(self, name: str) -> None:
        """Drop a database with its containers, or a container."""
        self.databases.discard(name)
        for one in [n for n in self.containers if n == name or n.startswith(f"{name}/")]:
            del self.containers[one]
            self._database.execute("DELETE FROM container WHERE name = ?", (one,))
            self._database.execute("DELETE FROM item WHERE container = ?", (one,))

    def get(self, container: Container, key: Key) -> Item | None:
        found = container.items[key[0]].get(key[1]) if key[0] in container.items else None
        return found if found and not self._expired(container, found) else None

    def partition(
        self, container: Container, partition: str, kind: str | None = None
    ) -> list[Item]:
        """Return what is in a logical partition, with a kind only what is of it."""
        inside = container.items[partition].of(kind) if partition in container.items else ()
        default = container.properties.get("defaultTtl")
        if default is None:
            return list(inside)
        now = self.now
        return [
            item
            for item in inside
            if (ttl := item.get("ttl", default)) == -1 or item["_ts"] + ttl > now
        ]

    def changed(self, container: Container, after: int, partition: str | None) -> list[Item]:
        """Return what was written after a number, in the order of the writes."""
        names = list(container.items) if partition is None else [partition]
        found = [item for name in names for item in self.partition(container, name)]
        return sorted((i for i in found if i["_lsn"] > after), key=lambda item: item["_lsn"])

    def apply(self, container: Container, changes: dict[Key, Item | None]) -> None:
        """Make changes durable, all or none, then visible."""
        self._database.execute("BEGIN IMMEDIATE")
        for (partition, id_), item in changes.items():
            key = (container.name, partition, id_)
            if item is None:
                row = "DELETE FROM item WHERE container = ? AND partition = ? AND id = ?"
                self._database.execute(row, key)
            else:
                row = "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)"
                self._database.execute(row, (*key, orjson.dumps(item).decode()))
        self._database.execute("COMMIT")
        for (partition, id_), item in changes.items():
            if item is None:
                container.items[partition].pop(id_, None)
            else:
                container.items[partition][id_] = item

    def stamped(self, item: Item, known: Item | None) -> Item:
        """Return the item as it is stored: a new tag, a time, a number in the order of writes."""
        self.newest += 1
        return {**self._stamped(item, known), "_lsn": self.newest, "_attachments": ""}

    def _stamped(self, body: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
        rid = known["_rid"] if known else secrets.token_hex(8)
        etag = f'"{secrets.token_hex(16)}"'
        return {**body, "_rid": rid, "_self": f"rid/{rid}/", "_etag": etag, "_ts": self.now}

    def _expired(self, container: Container, item: Item) -> bool:
        default = container.properties.get("defaultTtl")
        if default is None:
            return False
        ttl = item.get("ttl", default)
        return bool(ttl != -1 and item["_ts"] + ttl <= self.now)

    def _load(self) -> int:
        for name, body in self._database.execute("SELECT name, body FROM container"):
            self.containers[name] = Container(name, json.loads(body))
            self.databases.add(name.partition("/")[0])
        newest = 0
        for name, partition, id_, body in self._database.execute("SELECT * FROM item"):
            item = orjson.loads(body)
            self.containers[name].items[partition][id_] = item
            newest = max(newest, item["_lsn"])
        return newest
