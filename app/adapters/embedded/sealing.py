"""Signing checkpoints, and the copies of them that lie outside the database.

The key is made on first use and kept beside the data; whoever has it can sign. For evidence that
holds against an operator, keep the copies and the public key where the operator can't write.
"""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.adapters.embedded import folder
from app.core.audit import Verifier, checkpoint_hash
from app.core.models.auditing import Checkpoint

COPIES = "checkpoints.jsonl"
PUBLIC_KEY = "audit-key.pub.pem"
_PRIVATE_KEY = "audit-key.pem"  # pragma: allowlist secret - a file name


class Seal:
    """An Ed25519 key in a folder of its own, and the file of copies."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def sign(self, note: bytes) -> bytes:
        """Return the signature of a note; makes the key if there is none yet."""
        path = self._root / _PRIVATE_KEY
        if not path.exists():
            self._make_key(path)
        key = pem.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path} does not hold an Ed25519 key")
        return key.sign(note)

    def verifier(self) -> Verifier:
        """Return what tells whether a signature holds, by the public key in the folder."""
        path = self._root / PUBLIC_KEY
        return verifier(path) if path.exists() else _no_key

    def copy(self, checkpoints: list[Checkpoint]) -> None:
        """Append checkpoints to the copies, durably; a line that was cut off stays apart."""
        lines = b"".join(_line(checkpoint) for checkpoint in checkpoints)
        path = self._root / COPIES
        with open(path, "ab", opener=_private) as file:
            file.write(b"\n" + lines)
            file.flush()
            folder.flush(file.fileno())

    def copies(self) -> list[Checkpoint]:
        """Return the copies, by number; a line that a crash cut off is left out."""
        path = self._root / COPIES
        return read_copies(path) if path.exists() else []

    def _make_key(self, path: Path) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(
            pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo
        )
        private = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
        # The public half first: a key that signs can always be checked.
        _write(self._root / PUBLIC_KEY, public)
        _write(path, private)


def verifier(public_key: Path) -> Verifier:
    """Return what tells whether a signature holds, by the public key (PEM) in a file."""
    key = pem.load_pem_public_key(public_key.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError(f"{public_key} does not hold an Ed25519 public key")

    def holds(note: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, note)
        except InvalidSignature:
            return False
        return True

    return holds


def read_copies(path: Path) -> list[Checkpoint]:
    """Return the checkpoints in a file of copies."""
    found: dict[int, Checkpoint] = {}
    for line in path.read_bytes().splitlines():
        try:
            said = json.loads(line)
            text, signature = base64.b64decode(said["note"]), base64.b64decode(said["signature"])
            number = int(said["number"])
        except (ValueError, KeyError, TypeError):
            continue
        hash_ = checkpoint_hash(text, signature)
        found[number] = Checkpoint(number=number, note=text, signature=signature, hash=hash_)
    return [found[number] for number in sorted(found)]


def _line(checkpoint: Checkpoint) -> bytes:
    said = {
        "number": checkpoint.number,
        "note": base64.b64encode(checkpoint.note).decode(),
        "signature": base64.b64encode(checkpoint.signature).decode(),
    }
    return json.dumps(said).encode() + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that is there already stays."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, data)
        folder.flush(handle)
    finally:
        os.close(handle)
    draft.rename(path)


def _no_key(_: bytes, __: bytes) -> bool:
    return False
