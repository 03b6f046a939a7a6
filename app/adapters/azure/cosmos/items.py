"""Records and jobs as items, and back.

A value is kept as the text of its JSON: Cosmos DB's own numbers are doubles and would round whole
ones. What queries look at stands beside it.
"""

import re
from typing import TypeVar

from app.adapters import codec, sortable
from app.adapters.azure.cosmos.container import MOST_BYTES, Item, Place
from app.core.errors import TooLargeError
from app.core.kinds import Kind
from app.core.models import Job, Lease, Partition, Stored
from app.core.ports import Put

T = TypeVar("T")

JOB, DEAD_JOB, EVENT, MARK = "~job", "~dead-job", "~event", "~mark"  # no kind of record has a ~
_MARK_TTL_S = 3600
_FORBIDDEN = re.compile(r"[/\\?#~]")


def place(partition: Partition) -> Place:
    """Return the partition key; the tenant itself is a partition of its own."""
    return (partition.tenant_id, partition.space_id)


def record_id(kind: str, id_: str) -> str:
    """Return the id of a record's item; ids may hold what Cosmos DB forbids."""
    return f"{kind}:{_FORBIDDEN.sub(lambda found: f'~{ord(found.group()):02x}', id_)}"


def job_id(id_: str) -> str:
    """Return the id of a job's item, dead or alive."""
    return record_id(JOB.strip("~") + "~", id_)


def record(partition: Partition, put: Put, op: str) -> Item:
    """Return a record's item; `op` names the commit that wrote it. Raises TooLargeError."""
    name = put.kind.name
    return sized(
        {
            **_home(partition),
            "id": record_id(name, put.value.id),
            "kind": name,
            "key": put.value.id,
            "terms": sortable.terms(put.kind.attributes(put.value)),
            "op": op,
            "body": codec.encode(put.value).decode(),
        }
    )


def stored(kind: Kind[T], item: Item) -> Stored[T]:
    """Return the record that an item holds."""
    return Stored(codec.decode(kind.model, item["body"]), bare(item["_etag"]))


def job(one: Job, lease: Lease | None, now: float, queued_at: str) -> Item:
    """Return the item of a new job, claimed if it is born under a lease."""
    return sized(
        {
            **_home(one.partition),
            "id": job_id(one.id),
            "kind": JOB,
            "key": one.id,
            "body": codec.encode(one).decode(),
            "token": lease.token if lease else None,
            "attempts": lease.attempt if lease else 0,
            "due_at": lease.expires_at.timestamp() if lease else now,
            "queued_at": queued_at,
        }
    )


def mark(partition: Partition, op: str) -> Item:
    """Return what a commit leaves behind, for an hour, to be known again by its sender."""
    return {**_home(partition), "id": f"mark:{op}", "kind": MARK, "ttl": _MARK_TTL_S}


def sized(item: Item) -> Item:
    """Return the item unless it is too large to be stored."""
    if weight(item) > MOST_BYTES:
        raise TooLargeError(limit_bytes=MOST_BYTES)
    return item


def weight(item: Item) -> int:
    """Return about how many bytes an item takes."""
    return len(item["body"].encode()) + sum(map(len, item.get("terms", ()))) + 1000


def bare(etag: str) -> str:
    """Return a tag without the quotes that it has in headers."""
    return etag.strip('"')


def quoted(etag: str) -> str:
    """Return a tag as headers have it."""
    return f'"{etag}"'


def _home(partition: Partition) -> Item:
    return {"tenant_id": partition.tenant_id, "space_id": partition.space_id}
