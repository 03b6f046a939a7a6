import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


def make(root: Path, *arguments: str) -> str:
    # These tests may run inside `make test` themselves: an inner make must not notice.
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", *arguments], cwd=root, capture_output=True, text=True, check=True, env=inherited
    )
    return done.stdout


@pytest.fixture(scope="module")
def makefile(root: Path) -> str:
    return (root / "Makefile").read_text()


@pytest.fixture(scope="module")
def targets(makefile: str) -> list[str]:
    return re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE)


def test_help_comes_first_and_lists_every_target(root: Path, targets: list[str]) -> None:
    listed = [line.split(maxsplit=1) for line in make(root).splitlines()]
    assert targets[0] == "help"
    assert [name for name, _ in listed] == targets
    assert all(len(about) > 10 for _, about in listed)
    assert make(root, "help") == make(root)


def test_every_target_is_phony(root: Path, targets: list[str]) -> None:
    database = subprocess.run(
        ["make", "--print-data-base", "--question", "help"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    [phony] = re.findall(r"^\.PHONY: (.*)$", database, re.MULTILINE)
    assert set(targets) <= set(phony.split())


@pytest.mark.parametrize("target", ["test", "lint", "docs"])
def test_a_target_says_what_it_does(root: Path, target: str) -> None:
    announced = re.search(rf"sed -n '(s/\^{target}:.*)' Makefile", make(root, "-n", target))
    assert announced
    said = subprocess.run(
        ["sed", "-n", announced[1], "Makefile"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.fullmatch(rf"\n== {target}: [A-Z].+\n", said)


def test_a_stack_that_is_needed_is_asked_for(root: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        make(root, "infra-up", "STACK=")
    assert "say which: make infra-up STACK=dev|staging|prod" in refused.value.stderr


def test_every_script_that_a_target_runs_is_there(root: Path, makefile: str) -> None:
    scripts = re.findall(r"(?<![\w-])(?:benchmarks|tests)/[\w./-]+", makefile)
    assert scripts
    assert [name for name in scripts if not (root / name).exists()] == []


def test_pages_and_pipelines_name_real_targets(
    root: Path, pages: Mapping[str, str], targets: list[str]
) -> None:
    texts = {**pages, ".ci/run": (root / ".ci/run").read_text()}
    workflows = (root / ".github/workflows").glob("*.yml")
    texts |= {path.name: path.read_text() for path in workflows}
    named = {
        (page, name)
        for page, text in texts.items()
        for name in re.findall(r"(?:`|^|\$ |run: )make ([a-z][a-z0-9-]*)", text, re.MULTILINE)
    }
    assert {name for _, name in named} >= {"run", "test", "ci"}
    assert {(page, name) for page, name in named if name not in targets} == set()


def test_continuous_integration_hides_no_failure(root: Path, makefile: str) -> None:
    script = (root / ".ci/run").read_text()
    assert "set -euo pipefail" in script
    for text in (script, makefile):
        assert re.findall(r"\|\| *(true|:)", text) == []
