import contextlib
import hashlib
import json
import re
import signal
import sqlite3
from pathlib import Path

import pytest

from app.cli.first_start import administrator_token
from app.core import key_changes, keys
from app.core.kinds import API_KEYS
from app.core.models import DEFAULT_TENANT, Partition, Scope
from app.core.ports import Listing
from app.settings import Settings
from app.wiring import open_ports
from tests.app.cli.running import Eva
from tests.app.cli.serving import STOP_S, serving


async def test_the_first_start_issues_one_administrator_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    token = await administrator_token(settings)
    assert token is not None
    assert await administrator_token(settings) is None
    async with open_ports(settings) as ports:
        principal = await keys.authenticate(ports, token)
        [issued] = (await ports.records.page(API_KEYS, principal.home, Listing())).items
    assert principal.scopes == {Scope.ADMIN_ALL}
    assert principal.home == Partition(DEFAULT_TENANT)
    assert issued.value.name == "administrator"


async def test_only_the_hash_of_the_key_is_stored(tmp_path: Path) -> None:
    token = await administrator_token(Settings(data_dir=tmp_path))
    assert token
    secret = token.rpartition("_")[2].encode()
    stored = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert stored
    assert not any(secret in content for content in stored)


async def test_a_revoked_administrator_key_is_not_issued_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    token = await administrator_token(settings)
    assert token
    async with open_ports(settings) as ports:
        principal = await keys.authenticate(ports, token)
        await key_changes.revoke(ports, principal, token.split("_")[1])
    assert await administrator_token(settings) is None


def test_the_service_says_where_it_answers_and_shows_the_key_once(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first.url)
        assert first.token
        assert "documents upload" in first.said
        assert first.client(tmp_path)("spaces", "list", "--json").data == []
    with serving(tmp_path) as second:
        assert second.token is None
        assert first.token not in second.said
        assert second.client(tmp_path, first.token)("spaces", "list", "--json").data == []


ENDS = [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)]


@pytest.mark.parametrize(("stop", "code"), ENDS)
def test_the_service_stops_when_it_is_told_to(
    tmp_path: Path, stop: signal.Signals, code: int
) -> None:
    with serving(tmp_path) as served:
        served.process.send_signal(stop)
        served.process.communicate(timeout=STOP_S)
        assert served.process.returncode == code
        assert "Traceback" not in (tmp_path / "server.log").read_text()


def test_an_unusable_data_folder_is_told_without_a_trace(eva: Eva) -> None:
    (eva.folder / "data").write_text("a file")
    ran = eva.process("serve")
    assert (ran.code, ran.out) == (1, "")
    assert f"The data folder {eva.folder / 'data'} can't be used" in ran.err
    assert "EVA_DATA_DIR" in ran.err
    assert "Traceback" not in ran.err


def test_a_port_that_is_taken_is_told_without_a_trace(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        port = served.url.rpartition(":")[2]
        other = Eva(tmp_path, {"EVA_DATA_DIR": str(tmp_path / "other")})
        ran = other.process("serve", "--port", port)
        with serving(tmp_path, EVA_DATA_DIR=str(tmp_path / "other")) as again:
            assert again.token, "a start that failed issues no key that nobody saw"
    assert ran.code == 1
    assert "address already in use" in ran.err
    assert "Traceback" not in ran.err


def test_the_operator_can_issue_a_key_in_the_data_folder(eva: Eva) -> None:
    made = eva("keys", "create", "rescue", "--local", "--scope", "admin:all", "--json")
    assert made.code == 0, made.err
    assert made.data["token"].startswith(f"eva_{made.data['id']}_")
    assert "shown only now" in made.err
    with sqlite3.connect(eva.folder / "data" / "eva.db") as database:
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    database.close()


def test_the_operator_revokes_a_key_of_the_folder_by_its_hash_and_the_trail_tells(
    eva: Eva,
) -> None:
    made = eva("keys", "create", "leaked", "--local", "--scope", "spaces:read", "--json").data
    sha256 = hashlib.sha256(made["token"].encode()).hexdigest()
    revoked = eva("keys", "revoke-leaked", "--local", "--sha256", sha256, "--json").data
    assert (revoked["id"], revoked["tenant_id"]) == (made["id"], "ten_default")
    assert revoked["revoked_at"] is not None
    unknown = eva("keys", "revoke-leaked", "--local", "--sha256", "0" * 64)
    assert (unknown.code, "no key here is known by that" in unknown.err) == (1, True)
    with contextlib.closing(sqlite3.connect(eva.folder / "data" / "eva.db")) as database:
        told = database.execute("SELECT body FROM audit_events WHERE actor = 'operator'").fetchall()
    actions = [json.loads(body)["action"] for (body,) in told]
    assert actions == ["createApiKey", "revokeLeakedKey"]
