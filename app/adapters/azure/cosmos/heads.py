"""Heads of documents, and the stamps of their spaces: what is seen changes with both at once.

Every change is one transactional batch, conditional on the tags of what it replaces, and may be
made again: after a lost answer, or when others were faster, it is made to what is there by then.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

from app.adapters.azure.cosmos import items, passages
from app.adapters.azure.cosmos.container import (
    BatchRefusedError,
    Container,
    Item,
    Operation,
    Place,
)
from app.adapters.azure.cosmos.remembering import Remembered
from app.core.errors import UnavailableError
from app.core.models import Partition, VersionRef

_TRIES = 10  # of a change of what others change, too
_PAUSE_S = 0.02  # after the first try, at most; longer after each
_MOST_HEADS, _MOST_STAMPS = 1_000, 10_000
Change: TypeAlias = Callable[[Item], Item | None]


class Heads:
    """Heads and stamps; remembers how it left a head that was staged, and every stamp."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._heads: Remembered[tuple[Place, str], Item] = Remembered(_MOST_HEADS)
        self._stamps: Remembered[Place, Item] = Remembered(_MOST_STAMPS)

    async def read(self, partition: Partition, document_id: str) -> Item | None:
        """Return a document's head as it is."""
        return await self._container.read(items.place(partition), passages.head_id(document_id))

    async def stamp(self, place: Place) -> Item | None:
        """Return a space's stamp as it is; None before the first change."""
        return await self._container.read(place, passages.STAMP)

    async def staged(self, ref: VersionRef) -> Item | None:
        """Return a head as this process left it when it staged this version, or else as it is."""
        known = self._heads.get((items.place(ref.partition), ref.document_id))
        if known is not None and str(ref.version) in known["staged"]:
            return known
        return await self.read(ref.partition, ref.document_id)

    async def stage(
        self, ref: VersionRef, change: Callable[[Item | None], Item], beside: Sequence[Operation]
    ) -> Item | None:
        """Change a head, or make it, and do what is `beside`; nothing of it is seen.

        Returns what the head was. A first version's is taken to be missing until it is found.
        """
        place, document_id = items.place(ref.partition), ref.document_id
        before = None if ref.version == 1 else await self.read(ref.partition, document_id)
        for attempt in range(_TRIES):
            now = change(before)
            try:
                said = await self._container.batch(place, [_put(before, now), *beside])
            except BatchRefusedError as refused:
                await _pause(refused, attempt, 1)
                before = await self.read(ref.partition, document_id)
                continue
            self._heads.put((place, document_id), _tagged(now, said[0]))
            return before
        raise _contended()

    async def change(
        self, partition: Partition, document_id: str, change: Change, beside: Sequence[Operation]
    ) -> Item | None:
        """Change or remove (None) what is seen of a document, and do what is `beside`, at once.

        Returns what the head was; nothing is done if there is none. Raises what the change raises.
        """
        place = items.place(partition)
        head, stamp = self._heads.take((place, document_id)), self._stamps.take(place)
        for attempt in range(_TRIES):
            head = head or await self.read(partition, document_id)
            if head is None:
                return None
            now, stamp = change(head), stamp or await self.stamp(place)
            stamped = passages.next_stamp(partition, stamp)
            step = _step(partition, head, now, stamped["seq"])
            try:
                said = await self._container.batch(place, [_put(stamp, stamped), *step, *beside])
            except BatchRefusedError as refused:
                await _pause(refused, attempt, 1 + len(step))
                head, stamp = None, None
                continue
            self._stamps.put(place, _tagged(stamped, said[0]))
            return head
        raise _contended()

    async def forget(self, place: Place) -> None:
        """Delete a space's stamp: what anybody holds of the space is of a past life then."""
        self._stamps.take(place)
        await self._container.delete(place, passages.STAMP)


def _step(partition: Partition, head: Item, now: Item | None, seq: int) -> list[Operation]:
    if now is not None:
        return [_put(head, {**now, "seq": seq})]
    told = passages.gone(partition, head["document_id"], seq)
    tag = {"if_match_etag": head["_etag"]}
    return [("upsert", (told,)), ("delete", (head["id"],), tag)]


def _put(before: Item | None, now: Item) -> Operation:
    if before is None:
        return ("create", (now,))
    return ("replace", (now["id"], now), {"if_match_etag": before["_etag"]})


def _tagged(item: Item, said: Item) -> Item:
    return {**item, "_etag": items.quoted(items.bare(said["eTag"]))}


async def _pause(refused: BatchRefusedError, attempt: int, ours: int) -> None:
    """Wait before another try; UnavailableError if it was nothing of `ours` that was refused."""
    if refused.index >= ours:  # it was removed meanwhile
        raise UnavailableError(dependency="index", retry_after=1) from refused
    await asyncio.sleep(random.uniform(0, _PAUSE_S * attempt))  # noqa: S311 - spreads out, hides nothing


def _contended() -> UnavailableError:
    return UnavailableError(dependency="index", retry_after=1)
