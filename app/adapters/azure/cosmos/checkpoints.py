"""Checkpoints in the container of the audit trail: one row of numbers for all processes.

Each process seals the chains that it writes. Two that seal at once want the same number; the one
that comes second takes the next.
"""

import base64
from datetime import UTC, datetime

from app.adapters.azure.cosmos.chains import Chains
from app.adapters.azure.cosmos.container import Container, Item
from app.adapters.azure.cosmos.sealing import Seal
from app.core import audit
from app.core.errors import UnavailableError
from app.core.models.auditing import Checkpoint

_PLACE = ("~eva", "~checkpoints")
_KIND = "~checkpoint"
_ALL = "SELECT c.number, c.note, c.signature, c.hash FROM c WHERE c.kind = @kind ORDER BY c.number"
_LAST = "SELECT TOP 1 c.number, c.hash FROM c WHERE c.kind = @kind ORDER BY c.number DESC"
_RECENT = """
SELECT TOP 20 c.number, c.note, c.signature, c.hash FROM c
WHERE c.kind = @kind ORDER BY c.number DESC
"""
_TRIES = 20  # processes that seal in the same moment


class Checkpoints:
    """The signed notes of how far the chains had come."""

    def __init__(self, container: Container, seal: Seal) -> None:
        self._container = container
        self._seal = seal
        self._copied = False  # whether what an earlier process left uncopied is copied

    async def write(self, chains: Chains, now: float) -> Checkpoint:
        """Sign the heads of this process's chains, and copy what was signed."""
        for _ in range(_TRIES):
            last = await self._container.query(_PLACE, _LAST, {"@kind": _KIND})
            number, previous = (last[0]["number"], last[0]["hash"]) if last else (0, audit.NOTHING)
            heads = chains.grown()
            text = audit.note(number + 1, previous, heads, datetime.fromtimestamp(now, UTC))
            signature = await self._seal.sign(text)
            made = _made(number + 1, text, signature)
            if await self._container.create(_item(made)) or await self._is_ours(made):
                chains.sealed(heads, made.hash)
                await self._copy(made)
                return made
        raise UnavailableError(dependency="audit", retry_after=1)

    async def all(self) -> list[Checkpoint]:
        """Return every checkpoint, by number."""
        return await self._found(_ALL)

    async def _is_ours(self, made: Checkpoint) -> bool:
        """Tell whether the number was taken by this very checkpoint, whose answer got lost."""
        found = await self._container.read(_PLACE, _id(made.number))
        return found is not None and found["hash"] == made.hash

    async def _copy(self, made: Checkpoint) -> None:
        """Keep a copy; the first time also of those before, as a process may have ended midway."""
        await self._seal.copy([made] if self._copied else (await self._found(_RECENT))[::-1])
        self._copied = True

    async def _found(self, sql: str) -> list[Checkpoint]:
        rows = await self._container.query(_PLACE, sql, {"@kind": _KIND})
        return [
            Checkpoint(
                number=row["number"],
                note=base64.b64decode(row["note"]),
                signature=base64.b64decode(row["signature"]),
                hash=row["hash"],
            )
            for row in rows
        ]


def _made(number: int, text: bytes, signature: bytes) -> Checkpoint:
    hash_ = audit.checkpoint_hash(text, signature)
    return Checkpoint(number=number, note=text, signature=signature, hash=hash_)


def _item(one: Checkpoint) -> Item:
    tenant_id, day = _PLACE
    return {
        "id": _id(one.number),
        "tenant_id": tenant_id,
        "day": day,
        "kind": _KIND,
        "number": one.number,
        "note": base64.b64encode(one.note).decode(),
        "signature": base64.b64encode(one.signature).decode(),
        "hash": one.hash,
    }


def _id(number: int) -> str:
    return f"checkpoint:{number:012d}"
