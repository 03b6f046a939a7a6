"""`eva backup` and `eva restore`: 0 done, 1 refused with a reason."""

import asyncio
from pathlib import Path

from app.adapters.embedded import open_store
from tests.app.cli.running import Eva


def make(folder: Path) -> str:
    """Make a data folder; return its path."""

    async def opened() -> None:
        async with open_store(folder):
            pass

    asyncio.run(opened())
    return str(folder)


def test_a_backup_is_taken_and_put_back(eva: Eva, tmp_path: Path) -> None:
    data, copy = make(tmp_path / "data"), str(tmp_path / "copy")
    taken = eva("backup", copy, "--json", EVA_DATA_DIR=data)
    assert taken.code == 0, taken.err
    assert taken.data["documents"] == 0
    again = eva("restore", copy, "--json", EVA_DATA_DIR=str(tmp_path / "again"))
    assert again.code == 0, again.err
    assert again.data == {**taken.data, "to_read_again": 0}
    assert (tmp_path / "again" / "eva.db").is_file()


def test_a_folder_that_is_in_use_is_not_restored_over(eva: Eva, tmp_path: Path) -> None:
    data, copy = make(tmp_path / "data"), str(tmp_path / "copy")
    assert eva("backup", copy, EVA_DATA_DIR=data).code == 0
    refused = eva("restore", copy, EVA_DATA_DIR=data)
    assert refused.code == 1
    assert "is not empty: restore beside it, then change over" in refused.err


def test_what_is_no_backup_is_refused(eva: Eva, tmp_path: Path) -> None:
    refused = eva("restore", str(tmp_path), EVA_DATA_DIR=str(tmp_path / "again"))
    assert refused.code == 1
    assert "is no finished backup: no manifest.json" in refused.err
    assert not (tmp_path / "again").exists()
