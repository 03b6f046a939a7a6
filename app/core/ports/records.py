"""Durable records and the changes that are committed to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from app.core.filters import Filter, matches
from app.core.kinds import Kind
from app.core.models import (
    ApiKey,
    Job,
    Lease,
    Page,
    Partition,
    Stored,
)

T = TypeVar("T")
MOST_CHANGES = 90  # of one commit; a store may add some of its own to them


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write a record. At most one of the conditions may be set; StaleEtagError / ConflictError."""

    kind: Kind[Any]
    value: Any
    if_etag: str | None = None
    if_absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Delete a record; a missing one is no error unless `if_etag` is set (StaleEtagError)."""

    kind: Kind[Any]
    id: str
    if_etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Make a job durable with the change that needs it.

    With a `lease` (the caller mints its token) the job is born claimed: this saves a commit where
    the process that accepts the work also does it.
    """

    job: Job
    lease: Lease | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The job of this lease is done. LeaseLostError (and nothing written) when it is not ours."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Tell of a record, in the same transaction, whether it is there and as `where` says."""

    kind: Kind[Any]
    id: str
    where: Filter

    def sees(self, value: object) -> bool:
        """Tell whether the record is as it says."""
        return matches(self.where, self.kind.attributes(value))


Change: TypeAlias = Put | Remove | Enqueue | Settle | Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which page: ids behind `after` in the order asked for, that start with `prefix`."""

    after: str | None = None
    limit: int = 20
    descending: bool = False
    where: Filter | None = None
    prefix: str = ""


class Records(Protocol):
    """Durable records, atomic within a partition. A returned commit has been fsynced."""

    async def get(self, kind: Kind[T], partition: Partition, id_: str) -> Stored[T] | None:
        """Return a record, or None; point read."""

    async def get_many(
        self, kind: Kind[T], partition: Partition, ids: Sequence[str]
    ) -> Mapping[str, Stored[T]]:
        """Return those of the records that exist, by id."""

    async def find(self, kind: Kind[T], tenant_id: str, id_: str) -> Stored[T] | None:
        """Return a record in whichever partition of this tenant it is; None if it is in none."""

    async def page(self, kind: Kind[T], partition: Partition, listing: Listing) -> Page[Stored[T]]:
        """Return one page of the partition's records, by id."""

    async def count(self, kind: Kind[T], partition: Partition, *, within_s: float = 0.0) -> int:
        """Return how many records of the kind the partition holds; cheap.

        Commits of other processes may be left out that are younger than `within_s`.
        """

    async def commit(self, partition: Partition, *changes: Change) -> Sequence[str]:
        """Apply all changes or none; return the new etag of each Put, "" for other changes.

        Of a Look: the etag of the record as it stood then, or right after; "" if it did not.
        There are at most MOST_CHANGES, and they take at most 2 MB together (TooLargeError).
        A change's job must belong to the partition. Raises StaleEtagError, ConflictError (a Put
        with `if_absent` met a record), LeaseLostError.
        """

    async def erase(self, partition: Partition) -> int:
        """Delete every record of a space's partition, jobs included; return how many."""

    async def tenants(self) -> Sequence[str]:
        """Return the tenants that own anything; for maintenance, never for a request."""

    async def ping(self) -> None:
        """Raise UnavailableError if records can't be read and written."""


class KeyDirectory(Protocol):
    """Finds a credential before the caller's tenant is known."""

    async def find_key(self, key_id: str, *, within_s: float = 0.0) -> Stored[ApiKey] | None:
        """Return the key of this id in whichever tenant it is."""
