"""Advisories reach the scanners whole, and what the service installs is what the lock says."""

import json
import subprocess
import tomllib
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from pipelines.readiness.checks import licences
from pipelines.readiness.checks.check import Asked
from pipelines.readiness.checks.licences import accepted
from pipelines.readiness.packages import SERVICE, exported, locked_packages, normal
from pipelines.scans import osv, safety_database
from pipelines.scans.advisories import concerns, load
from pipelines.scans.scanner import ROOT
from pipelines.scans.source import FOLDER, ONLINE, advised
from pipelines.scans.uv_audit import AUDIT

ADVISORIES = Path(__file__).parent / "advisories"


def test_advisories_are_read_from_yaml_and_json_without_the_withdrawn() -> None:
    known = load(ADVISORIES)
    assert set(known.by_id) == {"EVA-TEST-1", "EVA-TEST-2"}
    assert known.newest == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert known.by_id["EVA-TEST-1"]["published"] == "2026-01-05T10:00:00Z"
    assert known.by_id["EVA-TEST-1"]["schema_version"]


def test_a_folder_without_advisories_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.json").write_text("{}")
    with pytest.raises(ValueError, match="no advisory in"):
        load(tmp_path)


def advisory(*events: dict[str, str], versions: tuple[str, ...] = ()) -> dict[str, Any]:
    kind = {"type": "ECOSYSTEM", "events": list(events)}
    affected = {"package": {"ecosystem": "PyPI", "name": "Some_Package"}, "ranges": [kind]}
    return {"id": "A-1", "affected": [{**affected, "versions": list(versions)}]}


SPANS = [
    ([{"introduced": "0"}, {"fixed": "2.0"}], {"0.1", "1.9"}, {"2.0", "3"}),
    ([{"introduced": "1.0"}, {"last_affected": "2.0"}], {"1.0", "2.0"}, {"0.9", "2.1"}),
    (
        [{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.5"}],
        {"0.5", "2.0", "2.4"},
        {"1.0", "1.9", "2.5"},
    ),
    ([{"introduced": "3"}], {"3", "99"}, {"2.9"}),
]


@pytest.mark.parametrize(("events", "hit", "missed"), SPANS)
def test_a_version_is_concerned_if_it_is_in_a_span(
    events: list[dict[str, str]], hit: set[str], missed: set[str]
) -> None:
    made = advisory(*events)
    assert {v for v in hit | missed if concerns(made, "some-package", v)} == hit
    [(name, specs)] = safety_database.specifiers(made)
    assert name == "some-package"
    assert {v for v in hit | missed if any(v in SpecifierSet(spec) for spec in specs)} == hit


def test_a_version_is_concerned_if_it_is_listed() -> None:
    made = advisory({"introduced": "5"}, versions=("1.0",))
    assert concerns(made, "Some.Package", "1.0")
    assert not concerns(made, "another", "1.0")


versions = st.builds(lambda *parts: ".".join(map(str, parts)), *[st.integers(0, 4)] * 2)


@given(
    st.lists(st.tuples(st.sampled_from(["introduced", "fixed"]), versions), max_size=5), versions
)
def test_safety_is_told_of_the_same_versions_as_the_others(
    found: list[tuple[str, str]], version: str
) -> None:
    ordered = sorted(found, key=lambda pair: [int(part) for part in pair[1].split(".")])
    events = [{"introduced": "0"}, *({what: bound} for what, bound in ordered)]
    made = advisory(*events)
    [(_, specs)] = safety_database.specifiers(made)
    told = any(version in SpecifierSet(spec) for spec in specs)
    assert told == concerns(made, "some-package", version)


def ask(url: str, body: object = None) -> Any:
    sent = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, sent, timeout=60) as answer:  # noqa: S310 - a loopback address
        return json.load(answer)


def test_the_loopback_interface_answers_as_the_public_one() -> None:
    known = load(ADVISORIES)
    idna = {"package": {"name": "idna", "ecosystem": "PyPI"}, "version": "3.0"}
    anyio = {"package": {"name": "anyio", "ecosystem": "PyPI"}, "version": "4.0"}
    with osv.served(known) as url:
        [found] = ask(f"{url}/v1/query", idna)["vulns"]
        assert found["summary"].startswith("Every version")
        batch = ask(f"{url}/v1/querybatch", {"queries": [idna, anyio]})["results"]
        short = {"id": "EVA-TEST-1", "modified": "2026-01-06T10:00:00Z"}
        assert batch == [{"vulns": [short]}, {"vulns": []}]
        assert ask(f"{url}/v1/vulns/EVA-TEST-2")["id"] == "EVA-TEST-2"
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(f"{url}/v1/vulns/EVA-TEST-3")
        assert caught.value.code == 404
        caught.value.close()


def test_uv_audit_finds_what_the_advisories_name() -> None:
    with osv.served(load(ADVISORIES)) as url:
        done = subprocess.run(
            [*AUDIT, "--no-default-groups", "--output-format", "json", "--service-url", f"{url}/"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    made = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert [found["id"] for found in made["vulnerabilities"]] == ["EVA-TEST-1"]
    assert made["summary"]["audited_packages"] == len(exported(ROOT, "--all-extras"))


@pytest.mark.parametrize(
    ("given_environment", "mode"),
    [({FOLDER: str(ADVISORIES), ONLINE: "1"}, "folder"), ({ONLINE: "1"}, "online"), ({}, None)],
)
def test_where_advisories_come_from_is_named(
    monkeypatch: pytest.MonkeyPatch, given_environment: dict[str, str], mode: str | None
) -> None:
    for name in (FOLDER, ONLINE):
        monkeypatch.delenv(name, raising=False)
    for name, value in given_environment.items():
        monkeypatch.setenv(name, value)
    with advised() as source:
        assert (source.mode if source else None) == mode
        assert bool(source and source.database) == (mode == "folder")


def test_safety_s_database_says_that_it_is_not_safety_s(tmp_path: Path) -> None:
    safety_database.write(load(ADVISORIES), tmp_path)
    made = json.loads((tmp_path / "insecure_full.json").read_text())
    assert made["vulnerable_packages"]["idna"][0]["specs"] == ["<9999.0"]
    assert "Safety's own data is not in here" in made["meta"]["advisory"]
    plain = json.loads((tmp_path / "insecure.json").read_text())
    assert plain["vulnerable_packages"]["idna"] == ["<9999.0"]


def test_what_the_service_installs_is_in_the_lock_with_a_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    known = {f"{normal(made['name'])}=={made['version']}": made for made in lock["package"]}
    wanted = locked_packages(ROOT)
    assert len(wanted) > 20
    assert wanted <= set(known)
    for name in wanted:
        files = [*known[name].get("wheels", ()), *filter(None, [known[name].get("sdist")])]
        assert all(file["hash"].startswith("sha256:") for file in files), name
        assert files, name
    assert "--no-default-groups" in SERVICE


def test_the_scanners_have_their_own_lock() -> None:
    project = tomllib.loads((ROOT / "security/scanners/pyproject.toml").read_text())["project"]
    lock = tomllib.loads((ROOT / "security/scanners/uv.lock").read_text())
    versions_locked = {f"{made['name']}=={made['version']}" for made in lock["package"]}
    for wish in project["dependencies"]:
        name = wish.partition("[")[0] if "[" in wish else wish.partition("==")[0]
        assert f"{name}=={wish.partition('==')[2]}" in versions_locked, wish
    assert not {made.partition("==")[0] for made in locked_packages(ROOT)} & {"bandit", "safety"}


@pytest.mark.parametrize(
    ("expression", "accepted_too"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(GPL-3.0-only OR Apache-2.0) AND MIT", True),
        ("GPL-3.0-only AND (Apache-2.0 OR MIT)", False),
        ("GPL-3.0-only OR (Apache-2.0 AND MIT)", True),
        ("GPL-3.0-only OR Apache-2.0 AND MIT", True),
        ("(MIT) AND (GPL-3.0-only)", False),
        ("", False),
    ],
)
def test_a_licence_expression_needs_a_choice_that_is_all_accepted(
    expression: str, accepted_too: bool
) -> None:
    assert accepted(expression, frozenset({"MIT", "Apache-2.0"})) == accepted_too


@pytest.mark.parametrize(("declared", "found"), [("BSD License", 0), ("GPL License", 1)])
def test_a_licence_that_a_person_read_counts_until_the_package_declares_another(
    declared: str, found: int
) -> None:
    said = {"name": "alpha", "licenses": [{"license": {"name": declared}}]}
    options = {"allowed": ["BSD-3-Clause"], "told": {"alpha: BSD License": "BSD-3-Clause"}}
    asked = Asked(options=options, now=datetime(2026, 1, 1, tzinfo=UTC))
    report = json.dumps({"components": [said]}).encode()
    assert len(licences.read(report, asked).findings) == found
