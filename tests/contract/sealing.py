"""A seal of a test's own: a key and copies in memory."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core.audit import Verifier
from app.core.models.auditing import Checkpoint


class KeySeal:
    """Signs with a key that is made for it."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.kept: dict[int, Checkpoint] = {}

    async def sign(self, note: bytes) -> bytes:
        return self._key.sign(note)

    async def verifier(self) -> Verifier:
        return self._holds

    async def copy(self, checkpoints: Sequence[Checkpoint]) -> None:
        self.kept |= {one.number: one for one in checkpoints}

    async def copies(self) -> Sequence[Checkpoint]:
        return [self.kept[number] for number in sorted(self.kept)]

    def _holds(self, note: bytes, signature: bytes) -> bool:
        try:
            self._key.public_key().verify(signature, note)
        except InvalidSignature:
            return False
        return True
