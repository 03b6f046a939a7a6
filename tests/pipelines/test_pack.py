"""An auditor checks the pack with the documented commands and nothing of ours."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from pipelines.readiness.attest import keys
from pipelines.readiness.attest.dsse import key_id
from pipelines.readiness.pack import VERIFY, pack
from pipelines.readiness.subject import git
from tests.pipelines.small_repository import Repository

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / VERIFY).read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def archive(ready: Repository) -> Path:
    ready.write(VERIFY, PAGE.encode())
    ready.save()
    ready.record()
    return pack(ready.judged())


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    (tmp_path / "auditor").mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path / "auditor"], check=True)
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
    arguments = (str(unpacked), "--commit", ready.commit, "--key", str(key))
    done = ready.gate("verify", *arguments)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        f"intact; the verdict on {ready.commit[:12]} for beta is PASSED",
    )
    shutil.copy(unpacked / "VERIFY.md", unpacked / "evidence/local/tests/junit.xml")
    done = ready.gate("verify", *arguments)
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


@pytest.fixture
def second_person(archive: Path, tmp_path: Path) -> Repository:
    """A clone of somebody else, whose development key is another."""
    git(tmp_path, "clone", "-q", str(archive.parents[1]), "second")
    return Repository(tmp_path / "second")


def key_told(ready: Repository) -> str:
    return key_id(keys.development_key(ready.root).public_key())


def test_a_second_person_checks_the_archive_in_a_clone_of_their_own(
    ready: Repository, second_person: Repository, archive: Path
) -> None:
    done = second_person.gate("verify", str(archive))
    assert done.returncode == 2
    assert f"key: another clone signed it, with the key {key_told(ready)}" in done.stderr
    done = second_person.gate("verify", str(archive), "--key-id", key_told(ready))
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            f"intact; the verdict on {ready.commit[:12]} for beta is PASSED",
            f"Signed with the key {key_told(ready)}.",
            "A development key proves that nothing was altered, not who signed.",
        ],
    )


def test_a_pack_with_another_key_than_the_one_told_of_is_refused(
    ready: Repository, second_person: Repository, archive: Path
) -> None:
    done = second_person.gate("verify", str(archive), "--key-id", "0" * 64)
    assert done.returncode == 2
    assert f"key: gate-key.pub.pem is the key {key_told(ready)}, not {'0' * 64}" in done.stderr


def test_a_pack_that_brings_the_right_key_but_was_signed_with_another_is_refused(
    second_person: Repository, unpacked: Path
) -> None:
    theirs = keys.development_key(second_person.root).public_key()
    (unpacked / "evidence/readiness/beta/gate-key.pub.pem").write_bytes(keys.public_pem(theirs))
    done = second_person.gate("verify", str(unpacked))
    assert (done.returncode, "signature: no trusted key signed it" in done.stderr) == (2, True)


@pytest.mark.parametrize("kept", [0, 100, 2000])
def test_an_archive_that_is_cut_off_is_refused(
    ready: Repository, archive: Path, tmp_path: Path, kept: int
) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(archive.read_bytes()[:kept])
    done = ready.gate("verify", str(cut))
    assert (done.returncode, "is not whole, or not a pack" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["../../evil.xml"], "is not whole, or not a pack"),
        (["pack/a", "pack/a"], "is not whole, or not a pack"),
        (["pack/a", "pack/a/b"], "is not whole, or not a pack"),
        (["pack/link"], "pack/link is no file or folder of a pack"),
        (["a.xml", "b.xml"], "holds 2 things, a pack one folder"),
    ],
)
def test_an_archive_that_holds_what_no_pack_does_is_refused(
    ready: Repository, tmp_path: Path, names: list[str], reason: str
) -> None:
    evil, link = tmp_path / "evil.tar.gz", tmp_path / "link"
    link.symlink_to("/etc")
    with tarfile.open(evil, "w:gz") as packed:
        for name in names:
            packed.add(link if name.endswith("link") else ready.root / "report.xml", name)
    done = ready.gate("verify", str(evil))
    assert (done.returncode, reason in done.stderr) == (2, True), done.stderr


def test_a_pack_for_another_stage_is_no_verdict(ready: Repository, archive: Path) -> None:
    done = ready.gate("verify", str(archive), "--stage", "production")
    assert (done.returncode, "no verdict for production" in done.stderr) == (2, True)


def test_outside_of_a_clone_the_commit_has_to_be_said(
    ready: Repository, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "nowhere").mkdir()
    auditor = Repository(tmp_path / "nowhere")
    told = ("verify", str(archive), "--key-id", key_told(ready))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        done = auditor.gate(*told)
        assert (done.returncode, "say which --commit" in done.stderr) == (2, True)
        assert auditor.gate(*told, "--commit", ready.commit).returncode == 0


def test_the_command_of_the_page_is_installed_in_every_clone() -> None:
    [command] = re.findall(r"^uv run (eva-gate verify .*)$", PAGE, re.MULTILINE)
    name, verb, *_ = command.split()
    program = shutil.which(name, path=str(Path(sys.executable).parent))
    assert program
    done = subprocess.run(
        [program, verb, "--help"],
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    options = re.findall(r"--[a-z-]+", command)
    assert options
    assert set(options) <= set(re.findall(r"--[a-z-]+", done.stdout))
