"""Where checkpoints are signed and copied: outside of this database, whoever provides it."""

from collections.abc import Sequence
from typing import Protocol

from app.core.audit import Verifier
from app.core.models.auditing import Checkpoint


class Seal(Protocol):
    """A key that signs, and a place for copies that the database's operator can't rewrite."""

    async def sign(self, note: bytes) -> bytes:
        """Return the signature of a note."""

    async def verifier(self) -> Verifier:
        """Return what tells whether a signature holds."""

    async def copy(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep copies, durably; copies of the same number again are harmless."""

    async def copies(self) -> Sequence[Checkpoint]:
        """Return the copies, by number."""
