"""Signatures of checkpoints, and their copies in a container."""

import base64
import secrets
from collections.abc import AsyncIterator

import pytest
from azure.storage.blob.aio import ContainerClient

from app.adapters.azure.blobs import prepare
from app.adapters.azure.seal import BlobSeal
from app.adapters.azure.storage import StorageAccount, StorageCalls, open_storage
from app.core.audit import checkpoint_hash
from app.core.errors import UnavailableError
from app.core.models.auditing import Checkpoint
from tests.peers.azurite import API_VERSION, connection_string
from tests.peers.programs import Running

SEED = base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
async def container(azurite: Running) -> AsyncIterator[ContainerClient]:
    account = StorageAccount.parse(connection_string(azurite.urls))
    calls = StorageCalls(api_version=API_VERSION, timeout_s=60, retries=0)
    async with open_storage(account, calls) as clients:
        yield clients.container(f"eva-seal-{secrets.token_hex(4)}")


@pytest.fixture
async def kept(container: ContainerClient) -> ContainerClient:
    await prepare(container)
    return container


def sealing(container: ContainerClient, seed: str = SEED) -> BlobSeal:
    async def given() -> str:
        return seed

    return BlobSeal(container, given)


async def checkpoint(seal: BlobSeal, number: int) -> Checkpoint:
    note = f"checkpoint {number}".encode()
    signature = await seal.sign(note)
    hash_ = checkpoint_hash(note, signature)
    return Checkpoint(number=number, note=note, signature=signature, hash=hash_)


async def test_a_signature_holds_for_its_note_and_key_alone(container: ContainerClient) -> None:
    seal = sealing(container)
    signature = await seal.sign(b"note")
    holds = await seal.verifier()
    assert holds(b"note", signature)
    assert not holds(b"another", signature)
    other = base64.b64encode(secrets.token_bytes(32)).decode()
    assert not (await sealing(container, other).verifier())(b"note", signature)


async def test_copies_are_read_back_in_order(kept: ContainerClient) -> None:
    seal = sealing(kept)
    made = [await checkpoint(seal, number) for number in range(1, 21)]
    await seal.copy(made[10:])
    await seal.copy(made[:10])
    assert await seal.copies() == made


async def test_a_copy_that_is_there_stays_as_it_is(kept: ContainerClient) -> None:
    seal = sealing(kept)
    first = await checkpoint(seal, 1)
    await seal.copy([first])
    await seal.copy([first])
    forged = Checkpoint(number=1, note=b"forged", signature=b"", hash="")
    await seal.copy([forged])
    assert await seal.copies() == [first]


async def test_what_is_no_copy_is_left_out(kept: ContainerClient) -> None:
    seal = sealing(kept)
    first = await checkpoint(seal, 1)
    await seal.copy([first])
    for name, text in (("a", b"{"), ("b", b"[]"), ("c", b'{"number": 2}')):
        await kept.get_blob_client(f"checkpoints/{name}.json").upload_blob(text)
    assert await seal.copies() == [first]


@pytest.mark.parametrize("seed", ["", "secret", base64.b64encode(b"short").decode()])
async def test_a_key_that_is_none_is_named_and_sealing_waits_for_another(
    container: ContainerClient, seed: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnavailableError) as caught:
        await sealing(container, seed).sign(b"note")
    assert caught.value.facts["dependency"] == "audit"
    assert "EVA_AUDIT_KEY is no key" in caplog.text


async def test_a_container_that_is_not_there_is_unavailable(container: ContainerClient) -> None:
    seal = sealing(container)
    with pytest.raises(UnavailableError) as caught:
        await seal.copy([await checkpoint(seal, 1)])
    assert caught.value.facts["dependency"] == "audit"
