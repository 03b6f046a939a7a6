"""Where records live and how they are handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


Scalar = str | int | float | bool


Metadata = Mapping[str, Scalar | list[str]]


DEFAULT_TENANT = "ten_default"


@dataclass(frozen=True, slots=True)
class Partition:
    """Where records live together: a tenant, and one of its spaces or `""` for the tenant itself.

    A commit is atomic inside one partition. It is Cosmos DB's hierarchical partition key.
    """

    tenant_id: str
    space_id: str = ""


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A value as read, with the opaque tag that names this revision of it."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a keyset listing; `next_after` is None on the last page."""

    items: tuple[T, ...]
    next_after: str | None = None
