"""The image: what its recipe holds, and what is checked of it where there is an engine."""

import json
import re
import stat
import subprocess
from pathlib import Path

import pytest

from pipelines.container import main
from pipelines.scans.dockerfile import scan

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text()
FINAL = RECIPE.rpartition("\nFROM ")[2]


def test_the_image_is_made_of_the_service_and_its_lock_alone() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", RECIPE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert sources == {"pyproject.toml", "uv.lock", "README.md", "LICENSE", "app"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == sources


def test_the_final_stage_runs_unprivileged_checked_and_without_tools_to_build_or_install() -> None:
    assert re.search(r"^USER 10001:10001$", FINAL, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*", FINAL, re.MULTILINE)
    assert "uninstall --yes --quiet pip setuptools wheel" in FINAL
    assert "apt-get" not in FINAL
    assert FINAL.index("USER ") > FINAL.index("RUN "), "nothing is installed as the user"


def test_the_systems_certificates_are_there_and_are_what_is_trusted() -> None:
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    assert f"COPY --from=build {bundle} {bundle}" in FINAL
    assert f"SSL_CERT_FILE={bundle} " in FINAL


def test_hadolint_finds_nothing_in_the_recipes_of_both_images(tmp_path: Path) -> None:
    assert scan(tmp_path / "found.sarif") == 0
    [run] = json.loads((tmp_path / "found.sarif").read_text())["runs"]
    read = {one["location"]["uri"] for one in run["artifacts"]}
    assert read == {"Dockerfile", "tests/peers/Dockerfile"}
    assert run["results"] == []


def test_the_image_is_built_with_the_uv_that_workflows_use() -> None:
    action = (ROOT / "pipelines/actions/setup/action.yml").read_text()
    [version] = re.findall(r"^ +version: (\S+)$", action, re.MULTILINE)
    assert f"uv=={version}\n" in RECIPE


def test_it_serves_what_the_lock_says() -> None:
    assert RECIPE.count("uv sync --frozen --no-default-groups") == 2
    assert not re.search(r":latest|curl|wget", RECIPE)


def test_the_wheel_is_the_same_whenever_it_is_built(tmp_path: Path) -> None:
    built = []
    for name in ("first", "second"):
        subprocess.run(
            ["uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path / name)],
            cwd=ROOT,
            check=True,
            timeout=280,
        )
        [wheel] = (tmp_path / name).glob("*.whl")
        built.append(wheel.read_bytes())
    assert built[0] == built[1]


ENGINE = """#!/bin/sh
echo "$@" >> {log}
case "$1 $2" in
  "buildx build") while [ $# -gt 0 ]; do [ "$1" = --metadata-file ] && file=$2; shift; done
    echo '{{"containerimage.digest": "sha256:{digest}"}}' > "$file" ;;
  "image inspect")
    echo '[{{"Config": {{"User": "10001:10001", "Healthcheck": {{"Test": ["CMD"]}}}}}}]' ;;
  "run --detach") echo container ;;
  "inspect --format") echo '{{"Running": {running}, "Health": {{"Status": "{health}"}}}}' ;;
  "rm --force") ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
"""


def engine(folder: Path, monkeypatch: pytest.MonkeyPatch, **told: str) -> Path:
    log = folder / "docker.log"
    program = folder / "docker"
    shown = {"digest": "0" * 64, "running": "true", "health": "healthy", "log": str(log), **told}
    program.write_text(ENGINE.format(**shown))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log


def test_the_image_is_built_twice_and_started_locked_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, report = engine(tmp_path, monkeypatch), tmp_path / "image.json"
    assert main(["--report", str(report)]) == 0
    assert json.loads(report.read_text()) == {
        "digests": ["sha256:" + "0" * 64] * 2,
        "user": "10001:10001",
        "healthcheck": True,
        "read_only": True,
    }
    calls = log.read_text()
    assert calls.count("buildx build --no-cache") == 2
    assert "run --detach --read-only" in calls
    assert "--cap-drop ALL" in calls
    assert calls.rstrip().endswith("rm --force container"), "it is removed, whatever came of it"


def test_an_image_that_dies_on_a_read_only_root_is_not_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, running="false", health="starting")
    assert main([]) == 1


def test_without_an_engine_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("pipelines.container._git", lambda *_: "0")
    report = tmp_path / "image.json"
    assert main(["--report", str(report)]) == 2
    assert "docker is not installed" in capsys.readouterr().err
    assert not report.exists()
