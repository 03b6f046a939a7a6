"""Two ways to carry out the same operations on items: the SDK, and a bare request as it sends it.

The SDK knows an account's regions, goes to others, runs ranked queries; its layers cost more than
twice the CPU time of the bare request. So a first attempt takes the short way, and what that can't
settle is asked again the long way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy

Item: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, ...]  # a whole partition key
Operation: TypeAlias = tuple[Any, ...]  # as `execute_item_batch` takes it
Told: TypeAlias = Callable[..., None]  # is given the headers of each answer


class Way(Protocol):
    """Operations on the items of one container; they raise what the SDK raises."""

    async def read(self, place: Place, id_: str) -> Item:
        """Return an item."""

    async def query(self, place: Place, sql: str, parameters: Mapping[str, object]) -> list[Any]:
        """Return every row of a query within one logical partition."""

    async def create(self, item: Item) -> None:
        """Store an item that is not there."""

    async def upsert(self, item: Item) -> None:
        """Store an item, whatever is there."""

    async def replace(self, item: Item, tag: str) -> Item:
        """Replace an item that has this tag, and return it as it is now."""

    async def delete(self, place: Place, id_: str) -> None:
        """Delete an item."""

    async def batch(self, place: Place, operations: Sequence[Operation]) -> list[Item]:
        """Apply all operations or none, and return what is said of each."""


@dataclass(frozen=True, slots=True)
class BySdk:
    """The long way."""

    container: ContainerProxy
    told: Told

    async def read(self, place: Place, id_: str) -> Item:
        """Return an item."""
        return await self.container.read_item(id_, list(place), response_hook=self.told)

    async def query(self, place: Place, sql: str, parameters: Mapping[str, object]) -> list[Any]:
        """Return every row of a query within one logical partition."""
        found = self.container.query_items(
            sql,
            parameters=[{"name": name, "value": value} for name, value in parameters.items()],
            partition_key=list(place),
            full_text_score_scope="Local",
            max_item_count=1000,
            response_hook=self.told,
        )
        return [row async for row in found]

    async def create(self, item: Item) -> None:
        """Store an item that is not there."""
        await self.container.create_item(item, response_hook=self.told)

    async def upsert(self, item: Item) -> None:
        """Store an item, whatever is there."""
        await self.container.upsert_item(item, response_hook=self.told)

    async def replace(self, item: Item, tag: str) -> Item:
        """Replace an item that has this tag, and return it as it is now."""
        return await self.container.replace_item(
            item["id"],
            item,
            etag=tag,
            match_condition=MatchConditions.IfNotModified,
            response_hook=self.told,
        )

    async def delete(self, place: Place, id_: str) -> None:
        """Delete an item."""
        await self.container.delete_item(id_, list(place), response_hook=self.told)

    async def batch(self, place: Place, operations: Sequence[Operation]) -> list[Item]:
        """Apply all operations or none, and return what is said of each."""
        return await self.container.execute_item_batch(
            _fresh(operations), list(place), response_hook=self.told
        )


def _fresh(operations: Sequence[Operation]) -> list[Operation]:
    """Return copies: the SDK takes the conditions out of those that it is given."""
    return [tuple(dict(p) if isinstance(p, dict) else p for p in one) for one in operations]
