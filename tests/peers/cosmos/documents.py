"""Items over HTTP: point operations, batches, queries, the change feed."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.peers.cosmos import queries
from tests.peers.cosmos.items import Transaction, batch, shown
from tests.peers.cosmos.partition import Item
from tests.peers.cosmos.ranges import range_of, required
from tests.peers.cosmos.refusal import Refused, bad
from tests.peers.cosmos.reply import Reply
from tests.peers.cosmos.store import Container, Store

Asked: TypeAlias = tuple[Mapping[str, str], Any]  # headers and body
_WRITE, _QUERY = 5.5, 2.5
_PAGE = 100


class Documents:
    """What is done below `…/docs`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def done(self, method: str, container: Container, rest: list[str], asked: Asked) -> Reply:
        headers, _ = asked
        header = headers.get("x-ms-documentdb-partitionkey")
        if method == "GET" and not rest:
            return self._changes(container, headers, header)
        partition = required(container.paths, header)
        reply = (
            self._posted(container, partition, asked)
            if method == "POST" and not rest
            else self._pointed(method, Transaction(self._store, container, partition), rest, asked)
        )
        where = range_of(container.paths, partition)
        reply.headers["x-ms-session-token"] = f"{where}:-1#{self._store.newest}"
        return reply

    def _pointed(self, method: str, one: Transaction, rest: list[str], asked: Asked) -> Reply:
        headers, body = asked
        tag = headers.get("if-match")
        match method, rest:
            case "GET", [id_]:
                item = one.read(id_)
                if headers.get("if-none-match") == item["_etag"]:
                    return _item(item, 304, 1.0)
                return _item(item, 200, 1.0)
            case "PUT", [id_]:
                item = one.replace(id_, body, tag)
            case "PATCH", [id_]:
                item = one.patch(id_, body.get("operations"), tag)
            case "DELETE", [id_]:
                one.delete(id_, tag)
                one.commit()
                return Reply(None, 204, charge=_WRITE)
            case _:
                raise bad(f"not in the allowed subset: {method} of an item")
        one.commit()
        return _item(item, 200)

    def _posted(self, container: Container, partition: str, asked: Asked) -> Reply:
        headers, body = asked
        if "x-ms-documentdb-isquery" in headers:
            return self._queried(container, partition, asked)
        one = Transaction(self._store, container, partition)
        if "x-ms-cosmos-is-batch-request" in headers:
            done, said = batch(one, body)
            return Reply(said, 200 if done else 207, charge=_WRITE * len(said))
        if headers.get("x-ms-documentdb-is-upsert", "").lower() == "true":
            item, fresh = one.upsert(body, headers.get("if-match"))
            status = 201 if fresh else 200
        else:
            status, item = 201, one.create(body)
        one.commit()
        return _item(item, status)

    def _queried(self, container: Container, partition: str, asked: Asked) -> Reply:
        headers, body = asked
        range_ = headers.get("x-ms-documentdb-partitionkeyrangeid")
        rows = queries.run(self._store, container, body, partition, range_)
        return _page(rows, "Documents", headers, _QUERY + 0.05 * len(rows))

    def _changes(self, container: Container, headers: Mapping[str, str], key: str | None) -> Reply:
        if "a-im" not in headers:
            raise bad("not in the allowed subset: a list of all items")
        partition = None if key is None else required(container.paths, key)
        after = int(headers.get("if-none-match", "0").strip('"') or 0)
        found = self._store.changed(container, after, partition)
        if not found:
            return Reply(None, 304, {"etag": f'"{after}"'})
        page = found[: int(headers.get("x-ms-max-item-count", _PAGE))]
        rows = [{**shown(item), "_lsn": item["_lsn"]} for item in page]
        return Reply(
            {"Documents": rows, "_count": len(rows)}, 200, {"etag": f'"{page[-1]["_lsn"]}"'}
        )


def _item(item: Item, status: int, charge: float = _WRITE) -> Reply:
    body = None if status == 304 else shown(item)
    return Reply(body, status, {"etag": item["_etag"]}, charge)


def _page(rows: list[Any], name: str, headers: Mapping[str, str], charge: float) -> Reply:
    most = int(headers.get("x-ms-max-item-count", _PAGE))
    start = json.loads(headers.get("x-ms-continuation") or "0")
    if not isinstance(start, int):
        raise Refused(400, "not a continuation of this peer")
    page = rows[start : start + most] if most > 0 else rows[start:]
    more = start + len(page)
    said = {"_rid": "rows", name: page, "_count": len(page)}
    after = {"x-ms-continuation": str(more)} if more < len(rows) else {}
    return Reply(said, 200, {**after, "x-ms-item-count": str(len(page))}, charge)
