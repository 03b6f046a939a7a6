"""Signing checkpoints of the audit trail, and copies of them outside the database.

The copies lie in a container of their own, one blob each, that are made and never changed: make
it immutable, and not even its owner can rewrite them.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import ContainerClient
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.adapters.azure.failures import azure_errors
from app.core.audit import Verifier, checkpoint_hash
from app.core.errors import UnavailableError
from app.core.models.auditing import Checkpoint

_DEPENDENCY = "audit"
_FOLDER = "checkpoints/"
_SEED_BYTES = 32
_log = logging.getLogger("eva.azure")
_AT_ONCE = 16  # copies that are read together


class BlobSeal:
    """An Ed25519 key, given as its seed in base64, and a container of copies."""

    def __init__(self, container: ContainerClient, seed: Callable[[], Awaitable[str]]) -> None:
        self._container = container
        self._seed = seed

    async def sign(self, note: bytes) -> bytes:
        """Return the signature of a note; UnavailableError, too, while the key is none."""
        return (await self._key()).sign(note)

    async def verifier(self) -> Verifier:
        """Return what tells whether a signature holds."""
        public = (await self._key()).public_key()
        return lambda note, signature: _holds(public, note, signature)

    async def copy(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep copies; one that is there already stays as it is."""
        for one in checkpoints:
            blob = self._container.get_blob_client(f"{_FOLDER}{one.number:012d}.json")
            with azure_errors(_DEPENDENCY):
                try:
                    await blob.upload_blob(_written(one), overwrite=False)
                except ResourceExistsError:  # perhaps by ourselves: the answer was lost
                    continue

    async def copies(self) -> Sequence[Checkpoint]:
        """Return the copies, by number; what is no copy of one is left out."""
        with azure_errors(_DEPENDENCY):
            listed = self._container.list_blob_names(name_starts_with=_FOLDER)
            names = sorted([name async for name in listed])
            found = [
                await asyncio.gather(*map(self._read, names[start : start + _AT_ONCE]))
                for start in range(0, len(names), _AT_ONCE)
            ]
        return [one for some in found for one in some if one is not None]

    async def _read(self, name: str) -> Checkpoint | None:
        found = await self._container.get_blob_client(name).download_blob()
        written = await found.readall()
        try:
            said = json.loads(written)
            note, signature = (base64.b64decode(said[part]) for part in ("note", "signature"))
            number = int(said["number"])
        except (ValueError, KeyError, TypeError):
            return None
        hash_ = checkpoint_hash(note, signature)
        return Checkpoint(number=number, note=note, signature=signature, hash=hash_)

    async def _key(self) -> Ed25519PrivateKey:
        try:
            seed = base64.b64decode(await self._seed(), validate=True)
        except ValueError:
            seed = b""
        if len(seed) != _SEED_BYTES:
            _log.critical("EVA_AUDIT_KEY is no key: it has to be 32 random bytes in base64")
            raise UnavailableError(dependency=_DEPENDENCY, retry_after=60)
        return Ed25519PrivateKey.from_private_bytes(seed)


def _written(checkpoint: Checkpoint) -> bytes:
    note, signature = (
        base64.b64encode(part).decode() for part in (checkpoint.note, checkpoint.signature)
    )
    said = {"number": checkpoint.number, "note": note, "signature": signature}
    return json.dumps(said).encode()


def _holds(public: Ed25519PublicKey, note: bytes, signature: bytes) -> bool:
    try:
        public.verify(signature, note)
    except InvalidSignature:
        return False
    return True
