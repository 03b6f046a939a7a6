"""Keyset pages as SQL: by id within a partition, from where the last page ended."""

from typing import Any

from app.adapters.embedded.terms import compiled
from app.core.models import Partition
from app.core.ports import Listing

_HIGHEST = "\U0010ffff"  # sorts behind every character that an id may hold


def query(kind: str, partition: Partition, listing: Listing) -> tuple[str, tuple[Any, ...]]:
    """Return the statement and its parameters; it asks for one row more than the page holds."""
    tests = ["tenant = ? AND space = ? AND kind = ?"]
    parameters: list[Any] = [partition.tenant_id, partition.space_id, kind]
    if listing.prefix:
        tests.append("id >= ? AND id < ?")
        parameters += [listing.prefix, listing.prefix + _HIGHEST]
    if listing.after is not None:
        tests.append("id < ?" if listing.descending else "id > ?")
        parameters.append(listing.after)
    if listing.where is not None:
        sql, values = compiled(listing.where)
        tests.append(sql)
        parameters += values
    order = "DESC" if listing.descending else "ASC"
    statement = (
        f"SELECT id, etag, body FROM records WHERE {' AND '.join(tests)}"  # noqa: S608 - marks only
        f" ORDER BY id {order} LIMIT ?"
    )
    return statement, (*parameters, listing.limit + 1)
