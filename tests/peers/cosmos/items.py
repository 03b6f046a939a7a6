"""Operations on single items, alone or as a transaction within one logical partition."""

import re
from typing import Any

import orjson

from tests.peers.cosmos.partition import Item
from tests.peers.cosmos.patching import patched
from tests.peers.cosmos.refusal import Refused, bad
from tests.peers.cosmos.store import Container, Key, Store

MOST_BYTES = 2 * 1024 * 1024
MOST_OPERATIONS = 100
_NO_ID = re.compile(r"[/\\?#]")
_HIDDEN = ("_lsn",)


class Transaction:
    """Changes of one logical partition: seen by the operations that follow, kept by `commit`."""

    def __init__(self, store: Store, container: Container, partition: str) -> None:
        self._store = store
        self._container = container
        self._partition = partition
        self._changes: dict[Key, Item | None] = {}

    def commit(self) -> None:
        if self._changes:
            self._store.apply(self._container, self._changes)

    def read(self, id_: str) -> Item:
        if (found := self._find(id_)) is None:
            raise Refused(404, f"no item {id_}")
        return found

    def create(self, body: Item) -> Item:
        if self._find(str(body.get("id", ""))) is not None:
            raise Refused(409, f"the item {body['id']} exists")
        return self._write(body, None)

    def upsert(self, body: Item, if_match: str | None = None) -> tuple[Item, bool]:
        known = self._find(str(body.get("id", "")))
        if known is not None:
            _require_tag(known, if_match)
        return self._write(body, known), known is None

    def replace(self, id_: str, body: Item, if_match: str | None = None) -> Item:
        known = self.read(id_)
        _require_tag(known, if_match)
        if body.get("id") != id_:
            raise bad("an item's id can't be changed")
        return self._write(body, known)

    def patch(self, id_: str, operations: object, if_match: str | None = None) -> Item:
        known = self.read(id_)
        _require_tag(known, if_match)
        return self._write(patched(shown(known), operations), known)

    def delete(self, id_: str, if_match: str | None = None) -> None:
        _require_tag(self.read(id_), if_match)
        self._changes[self._partition, id_] = None

    def _find(self, id_: str) -> Item | None:
        key = (self._partition, id_)
        return self._changes[key] if key in self._changes else self._store.get(self._container, key)

    def _write(self, body: Item, known: Item | None) -> Item:
        id_ = body.get("id")
        if not isinstance(id_, str) or not 0 < len(id_.encode()) <= 1023 or _NO_ID.search(id_):
            raise bad("an id is a text of 1 to 1023 bytes without / \\ ? #")
        if self._container.partition_of(body) != self._partition:
            raise Refused(400, "the item is of another partition than asked for", substatus=1001)
        if len(orjson.dumps(body)) > MOST_BYTES:
            raise Refused(413, "the item is larger than 2 MiB")
        item = self._store.stamped(body, known)
        self._changes[self._partition, id_] = item
        return item


def shown(item: Item) -> Item:
    """Return the item as a client sees it."""
    return {name: value for name, value in item.items() if name not in _HIDDEN}


def batch(transaction: Transaction, operations: list[dict[str, Any]]) -> tuple[bool, list[Item]]:
    """Apply all or none; return whether all, and what is said of each."""
    if not 0 < len(operations) <= MOST_OPERATIONS:
        raise bad(f"a batch has 1 to {MOST_OPERATIONS} operations, not {len(operations)}")
    answers: list[Item] = []
    for number, operation in enumerate(operations):
        try:
            answers.append(_one(transaction, operation))
        except Refused as refused:
            others: list[Item] = [{"statusCode": 424, "requestCharge": 0}] * len(operations)
            others[number] = {"statusCode": refused.status, "requestCharge": 1.0}
            return False, others
    transaction.commit()
    return True, answers


def _one(transaction: Transaction, operation: dict[str, Any]) -> Item:
    id_, body = str(operation.get("id", "")), operation.get("resourceBody", {})
    tag = operation.get("ifMatch")
    status, item = 200, None
    match operation.get("operationType"):
        case "Create":
            status, item = 201, transaction.create(body)
        case "Upsert":
            item, fresh = transaction.upsert(body, tag)
            status = 201 if fresh else 200
        case "Replace":
            item = transaction.replace(id_, body, tag)
        case "Patch":
            item = transaction.patch(id_, body.get("operations"), tag)
        case "Read":
            item = transaction.read(id_)
        case "Delete":
            transaction.delete(id_, tag)
            status = 204
        case other:
            raise bad(f"not in the allowed subset: the operation {other}")
    said: Item = {"statusCode": status, "requestCharge": 1.0}
    if item is not None:
        said |= {"eTag": item["_etag"], "resourceBody": shown(item)}
    return said


def _require_tag(known: Item, wanted: str | None) -> None:
    if wanted not in (None, "*", known["_etag"]):
        raise Refused(412, "the item has changed")
