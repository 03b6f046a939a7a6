"""The audit chains of this process, each of one partition.

So an event and the change that it tells of are one batch. Commits that run at once in one partition
take chains of their own; nobody waits. A chain whose last write may or may not have happened is
never continued: either way it is whole.
"""

import base64
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from app.adapters import audited
from app.adapters.azure.cosmos.container import Item, Place
from app.adapters.azure.cosmos.items import EVENT
from app.core.audit import NOTHING, link_hash
from app.core.errors import (
    ConflictError,
    InvalidInputError,
    LeaseLostError,
    StaleEtagError,
    TooLargeError,
)

_REFUSALS = (ConflictError, InvalidInputError, LeaseLostError, StaleEtagError, TooLargeError)
_MOST_PLACES = 10_000  # whose chains are remembered; a forgotten one ends, and another begins


@dataclass(slots=True)
class Chain:
    """One chain; `head` is the hash that the next event rests on."""

    writer: str
    head: str
    seq: int = 0


class Chains:
    """The chains of this process, and how far those came that no checkpoint names yet."""

    def __init__(self) -> None:
        self.resting_on = NOTHING  # the last checkpoint that this process knows of
        self._process = secrets.token_hex(8)
        self._made = 0
        self._idle: OrderedDict[Place, list[Chain]] = OrderedDict()
        self._grown: dict[str, tuple[int, str]] = {}

    @contextmanager
    def lend(self, place: Place) -> Iterator[Chain]:
        """Lend a chain of a place; it comes back unless it is unknown where it ends."""
        chain = self._idle[place].pop() if self._idle.get(place) else self._new()
        try:
            yield chain
        except _REFUSALS:
            self._back(place, chain)
            raise
        self._back(place, chain)

    def grew(self, chain: Chain, event: Item) -> None:
        """Go on from an event that is stored."""
        chain.seq, chain.head = event["seq"], event["hash"]
        self._grown[chain.writer] = (chain.seq, chain.head)

    def grown(self) -> Mapping[str, tuple[int, str]]:
        """Return the heads that no checkpoint names yet."""
        return dict(self._grown)

    def sealed(self, heads: Mapping[str, tuple[int, str]], checkpoint: str) -> None:
        """Forget the heads that a checkpoint names, unless they moved on since."""
        self.resting_on = checkpoint
        for writer, head in heads.items():
            if self._grown.get(writer) == head:
                del self._grown[writer]

    def _new(self) -> Chain:
        self._made += 1
        return Chain(f"{self._process}-{self._made}", self.resting_on)

    def _back(self, place: Place, chain: Chain) -> None:
        self._idle.setdefault(place, []).append(chain)
        self._idle.move_to_end(place)
        if len(self._idle) > _MOST_PLACES:
            self._idle.popitem(last=False)


def event(chain: Chain, said: audited.Said, personal: Mapping[str, str], home: Item) -> Item:
    """Return the item of a chain's next event; `home` is its partition key, by member."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    body, salt, payload = audited.bound(said, personal)
    seq = chain.seq + 1
    return {
        **home,
        "id": f"event:{chain.writer}:{seq}",
        "kind": EVENT,
        "writer": chain.writer,
        "seq": seq,
        "at": at,
        "position": f"{at}:{chain.writer}:{seq:012d}",
        "body": body.decode(),
        "previous": chain.head,
        "hash": link_hash(chain.writer, seq, at, body, chain.head),
        "salt": None if salt is None else base64.b64encode(salt).decode(),
        "payload": None if payload is None else payload.decode(),
        "personal": payload is not None,
        "actor": said["actor"],
        "action": said["action"],
        "outcome": said["outcome"],
        "request": said["request"],
        "objects": objects(said),
    }


def objects(said: Mapping[str, object]) -> list[str]:
    """Return what an auditor may look an event up by: targets, with and without their verb."""
    targets = said["targets"]
    found = [str(target) for target in targets] if isinstance(targets, list | tuple) else []
    return sorted({*found, *(target.rpartition(" ")[2] for target in found)})
