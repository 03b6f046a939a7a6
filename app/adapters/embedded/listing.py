"""Keyset pages as SQL: by id within a partition, from where the last page ended."""

from collections.abc import Iterator
from typing import Any

from app.adapters.embedded.terms import compiled
from app.core.models import Partition
from app.core.ports import Listing

_HIGHEST = "\U0010ffff"  # sorts behind every character that an id may hold


def query(kind: str, partition: Partition, listing: Listing) -> tuple[str, tuple[Any, ...]]:
    """Return the statement and its parameters; it asks for one row more than the page holds."""
    tests = ["tenant = ? AND space = ? AND kind = ?"]
    parameters: list[Any] = [partition.tenant_id, partition.space_id, kind]
    for test, bound in _bounds(listing):
        tests.append(test)
        parameters.append(bound)
    if listing.where is not None:
        sql, values = compiled(listing.where)
        tests.append(sql)
        parameters += values
    order = "DESC" if listing.descending else "ASC"
    statement = (
        f"SELECT id, etag, body FROM records WHERE {' AND '.join(tests)}"  # noqa: S608  # nosec B608
        f" ORDER BY id {order} LIMIT ?"
    )
    return statement, (*parameters, listing.limit + 1)


def _bounds(listing: Listing) -> Iterator[tuple[str, str]]:
    """Yield at most one bound a side: SQLite would begin at the first it reads, not the nearest."""
    prefix, after = listing.prefix, listing.after
    inside = after is not None and after.startswith(prefix)
    if prefix and not (inside and not listing.descending):
        yield "id >= ?", prefix
    if prefix and not (inside and listing.descending):
        yield "id < ?", prefix + _HIGHEST
    if after is not None:
        yield ("id < ?" if listing.descending else "id > ?"), after
