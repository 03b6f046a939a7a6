"""A verdict as somebody hands it over: a clone, an unpacked auditor's pack, or the archive."""

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.readiness.attest import keys
from pipelines.readiness.attest.dsse import key_id
from pipelines.readiness.attest.verify import RefusedError
from pipelines.readiness.session import PUBLIC_KEY

_NO_PACK = (tarfile.TarError, EOFError, zlib.error, FileExistsError, NotADirectoryError)


@contextmanager
def presented(place: Path) -> Iterator[Path]:
    """Give the folder below which the verdict's files are; an archive is unpacked for the while."""
    if place.is_dir():
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="eva-gate-") as folder:
        yield _unpacked(place, Path(folder))


def told_of(path: Path, told: str) -> Ed25519PublicKey:
    """Return the key of a file, which has to be the one that somebody was told of, if any.

    `told` is the SHA-256 of its DER form, as `openssl` and `sha256sum` print it in VERIFY.md.
    """
    key = keys.read_public(path.read_bytes())
    if told and key_id(key) != told.lower():
        raise RefusedError("key", f"{path.name} is the key {key_id(key)}, not {told}")
    return key


def own(root: Path, verdict: Path) -> Ed25519PublicKey:
    """Return this clone's own key, which is right for verdicts that this clone signed."""
    mine = keys.development_key(root).public_key()
    beside = verdict / PUBLIC_KEY
    brought = key_id(keys.read_public(beside.read_bytes())) if beside.is_file() else key_id(mine)
    if brought != key_id(mine):
        raise RefusedError(
            "key",
            f"another clone signed it, with the key {brought}; if its owner told you of that key"
            f" in another way than with the pack, say --key-id {brought}",
        )
    return mine


def _unpacked(archive: Path, folder: Path) -> Path:
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                _put(packed, member, folder)
    except _NO_PACK as error:
        raise RefusedError("pack", f"{archive} is not whole, or not a pack: {error}") from None
    found = list(folder.iterdir())
    if len(found) != 1:
        raise RefusedError("pack", f"{archive} holds {len(found)} things, a pack one folder")
    return found[0]


def _put(packed: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Unpack a file or a folder, which is all that a pack holds, inside of the folder.

    Not by `extractall`, which can't refuse anything else before CPython 3.11.4.
    """
    place = (folder / member.name).resolve()
    if not (place.is_relative_to(folder.resolve()) and (member.isfile() or member.isdir())):
        raise tarfile.ExtractError(f"{member.name} is no file or folder of a pack")
    (place if member.isdir() else place.parent).mkdir(parents=True, exist_ok=True)
    if content := packed.extractfile(member):
        with content, place.open("xb") as file:
            shutil.copyfileobj(content, file)
