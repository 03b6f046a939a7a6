"""An auditor checks the pack with the documented commands and nothing of ours."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pipelines.readiness.attest import keys
from pipelines.readiness.pack import VERIFY, pack
from tests.pipelines.small_repository import Repository

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / VERIFY).read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def unpacked(ready: Repository, tmp_path: Path) -> Path:
    ready.write(VERIFY, PAGE.encode())
    ready.save()
    ready.record()
    path = pack(ready.judged())
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "auditor", filter="data")
    [folder] = (tmp_path / "auditor").iterdir()
    return folder


def follow(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run every command of the page, in order, in an environment without this project."""
    return subprocess.run(
        ["sh", "-c", "\n".join(BLOCKS)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_documented_commands_check_a_pack(unpacked: Path) -> None:
    done = follow(unpacked)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    checked = re.findall(r"^(\S+): OK$", done.stdout, re.MULTILINE)
    assert set(checked) == {
        "evidence/local/tests/junit.xml",
        "evidence/local/tests/record.json",
        "evidence/readiness/beta/policy.json",
        "evidence/readiness/beta/readiness.json",
        "pipelines/readiness/criteria.toml",
        "pipelines/readiness/evidence.toml",
        "pipelines/readiness/waivers.toml",
    }
    assert '"verificationResult":"PASSED"' in done.stdout
    assert '"verifiedLevels":["RELEASE_READY_BETA"]' in done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "evidence/local/tests/junit.xml",
        "evidence/local/tests/record.json",
        "evidence/readiness/beta/readiness.json",
        "evidence/readiness/beta/policy.json",
        "pipelines/readiness/criteria.toml",
    ],
)
def test_the_documented_commands_refuse_a_pack_with_a_file_altered(
    unpacked: Path, name: str
) -> None:
    with (unpacked / name).open("ab") as file:
        file.write(b"\n")
    done = follow(unpacked)
    assert done.returncode != 0
    assert f"{name}: FAILED" in done.stdout


def test_the_documented_commands_refuse_a_forged_payload(unpacked: Path) -> None:
    envelope = unpacked / "evidence/readiness/beta/verdict.dsse.json"
    text = envelope.read_text()
    payload = re.findall(r'"payload": "([^"]+)"', text)[0]
    envelope.write_text(text.replace(payload, payload[:-8] + payload[-4:] + payload[-8:-4]))
    done = follow(unpacked)
    assert done.returncode != 0
    assert "Signature Verified Successfully" not in done.stdout


def test_the_gate_checks_an_unpacked_pack_too(ready: Repository, unpacked: Path) -> None:
    key = unpacked / "evidence/readiness/beta/gate-key.pub.pem"
    arguments = ("--root", str(unpacked), "--commit", ready.commit, "--key", str(key))
    done = ready.gate("verify", "--stage", "beta", *arguments)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        f"intact; the verdict on {ready.commit[:12]} for beta is PASSED",
    )
    shutil.copy(unpacked / "VERIFY.md", unpacked / "evidence/local/tests/junit.xml")
    done = ready.gate("verify", "--stage", "beta", *arguments)
    assert done.returncode == 2
    assert "evidence: evidence/local/tests/junit.xml is not as it was" in done.stderr


def test_a_pack_holds_no_private_key_and_is_the_same_each_time(ready: Repository) -> None:
    ready.write(VERIFY, PAGE.encode())
    session = ready.judged()
    first, again = pack(session).read_bytes(), pack(session).read_bytes()
    assert first == again
    with tarfile.open(pack(session)) as archive:
        contents = {m.name: archive.extractfile(m) for m in archive.getmembers()}
        secret = keys.development_key(ready.root).private_bytes_raw()
        for name, file in contents.items():
            assert file is not None
            content = file.read()
            assert b"PRIVATE KEY" not in content, name
            assert secret not in content, name
    assert any(name.endswith("/report.html") for name in contents)
