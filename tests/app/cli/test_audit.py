"""`eva audit verify`: 0 for a whole trail, 1 for one that was tampered with, 2 for bad usage."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from app.adapters.embedded import open_store
from app.adapters.embedded.sealing import COPIES, PUBLIC_KEY
from app.core.ports import Noted
from tests.app.cli.running import Eva


def fill(folder: Path) -> None:
    async def write() -> None:
        async with open_store(folder) as store:
            for number in range(5):
                store.audit.note(
                    Noted(
                        tenant_id="ten_a",
                        actor="key:a",
                        action="getSpace",
                        decision="allowed",
                        outcome="200",
                        request_id=f"req_{number}",
                    )
                )
            await store.audit.flush()
            await store.audit.seal()

    asyncio.run(write())


def test_a_whole_trail_is_said_to_be_whole(eva: Eva, tmp_path: Path) -> None:
    fill(tmp_path / "data")
    ran = eva("audit", "verify", EVA_DATA_DIR=str(tmp_path / "data"))
    assert (ran.code, ran.out.splitlines()[0]) == (0, "The trail is whole.")
    assert "5 events in 1 chains" in ran.out


def test_a_trail_that_was_tampered_with_is_named_with_exit_code_1(eva: Eva, tmp_path: Path) -> None:
    fill(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection, connection:
        connection.execute("UPDATE audit_events SET body = replace(body, 'req_3', 'req_x')")
    ran = eva("audit", "verify", "--json", EVA_DATA_DIR=str(tmp_path / "data"))
    assert ran.code == 1
    assert ran.data["whole"] is False
    assert ran.data["problems"][0].endswith("/4: was changed")


def test_a_store_rebuilt_with_a_new_key_fails_against_the_auditor_s_own_copies(
    eva: Eva, tmp_path: Path
) -> None:
    fill(tmp_path / "data")
    kept = tmp_path / "auditor"
    kept.mkdir()
    for name in (COPIES, PUBLIC_KEY):
        shutil.copy(tmp_path / "data" / "audit" / name, kept / name)
    shutil.rmtree(tmp_path / "data")
    fill(tmp_path / "data")
    place = {"EVA_DATA_DIR": str(tmp_path / "data")}
    assert eva("audit", "verify", **place).code == 0  # beside the data, all fits together
    against = ("--copies", str(kept / COPIES), "--public-key", str(kept / PUBLIC_KEY))
    ran = eva("audit", "verify", *against, **place)
    assert ran.code == 1
    assert "checkpoint 1: signature does not hold" in ran.out
    assert "the store does not have the copy's" in ran.out


def test_what_can_not_be_checked_is_exit_code_2_and_nothing_is_made(
    eva: Eva, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    ran = eva("audit", "verify", EVA_DATA_DIR=str(nowhere))
    assert (ran.code, "holds no data" in ran.err, nowhere.exists()) == (2, True, False)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "eva.db").write_bytes(b"no database" * 100)
    ran = eva("audit", "verify", EVA_DATA_DIR=str(tmp_path / "broken"))
    assert (ran.code, "could not be checked" in ran.err) == (2, True)


def test_the_report_counts_gaps_and_how_old_the_unsealed_tail_is(eva: Eva, tmp_path: Path) -> None:
    fill(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "eva.db")) as connection, connection:
        connection.execute("DELETE FROM audit_events WHERE seq IN (2, 3, 5)")
        connection.execute("DELETE FROM audit_checkpoints")
    ran = eva("audit", "verify", "--json", EVA_DATA_DIR=str(tmp_path / "data"))
    assert (ran.code, ran.data["gaps"], ran.data["events"]) == (1, 3, 2)
    assert {"writers", "checkpoints", "copies", "unsealed_tail"} <= set(ran.data)
    fill(tmp_path / "whole")
    asyncio.run(note_one(tmp_path / "whole"))
    ran = eva("audit", "verify", "--json", EVA_DATA_DIR=str(tmp_path / "whole"))
    assert (ran.code, ran.data["unsealed_tail"], ran.data["gaps"]) == (0, 1, 0)
    assert ran.data["oldest_unsealed_age_s"] >= 0


async def note_one(folder: Path) -> None:
    async with open_store(folder) as store:
        store.audit.note(
            Noted(tenant_id="t", actor="a", action="x", decision="allowed", outcome="200")
        )
        await store.audit.flush()


def test_copies_that_are_not_there_are_wrong_usage(eva: Eva, tmp_path: Path) -> None:
    ran = eva("audit", "verify", "--copies", str(tmp_path / "nowhere"))
    assert ran.code == 2
    assert "does not exist" in ran.err


def test_a_trail_on_azure_is_checked_there_or_said_to_be_out_of_reach(
    eva: Eva, tmp_path: Path
) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = {
        "EVA_BACKEND": "azure",
        "AZURE_COSMOS_ENDPOINT": nowhere,
        "AZURE_COSMOS_KEY": "bm9uZQ==",
        "AZURE_OPENAI_ENDPOINT": nowhere,
        "AZURE_OPENAI_KEY": "none",
        "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": "embedding",
        "AZURE_STORAGE_CONNECTION_STRING": (
            f"AccountName=none;AccountKey=bm9uZQ==;BlobEndpoint={nowhere};QueueEndpoint={nowhere}"
        ),
        "EVA_AUDIT_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "EVA_AZURE_TIMEOUT": "1",
    }
    copies = tmp_path / "copies"
    copies.touch()
    ran = eva("audit", "verify", "--copies", str(copies), **settings)
    assert (ran.code, "On Azure copies are read from their container" in ran.err) == (2, True)
    ran = eva("audit", "verify", **settings)
    assert (ran.code, "could not be checked: unavailable" in ran.err) == (2, True)
