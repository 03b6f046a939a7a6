"""What the README shows is run, and has to print what the README says it prints."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.adapters.extraction import media
from tests.app.cli.running import without_settings
from tests.app.cli.serving import serving

COMMAND = "$ "
ANYTHING = "…"  # in an expected line: whatever is printed there


def sessions(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command that a page shows, with the lines that it is said to print."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for shown in re.split(rf"^{re.escape(COMMAND)}", block, flags=re.MULTILINE)[1:]:
            command, *printed = shown.rstrip("\n").split("\n")
            yield command, printed


def agrees(expected: list[str], printed: list[str]) -> bool:
    patterns = [".*".join(map(re.escape, line.split(ANYTHING))) for line in expected]
    return re.fullmatch("\n".join(patterns), "\n".join(printed)) is not None


def run(command: str, folder: Path, settings: Mapping[str, str]) -> list[str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**without_settings(), **settings, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.rstrip("\n").split("\n") if done.stdout else []


def test_the_readme_prints_what_it_says(root: Path, tmp_path: Path) -> None:
    shown = list(sessions((root / "README.md").read_text()))
    assert {command.split()[1] for command, _ in shown} >= {"spaces", "documents", "ask"}
    with serving(tmp_path) as served:
        settings = {"EVA_URL": served.url, "EVA_API_KEY": served.token or ""}
        for command, expected in shown:
            printed = run(command, tmp_path, settings)
            assert agrees(expected, printed), f"{command} prints:\n" + "\n".join(printed)


@pytest.mark.parametrize(
    ("printed", "same"), [(["a 1", "b"], True), (["a 1"], False), (["a 1", "c"], False)]
)
def test_a_readme_that_is_wrong_would_be_found(printed: list[str], *, same: bool) -> None:
    [(command, expected)] = sessions("```console\n$ x y\na …\nb\n```\n")
    assert command == "x y"
    assert agrees(expected, printed) is same


def test_every_command_that_a_page_names_exists(pages: Mapping[str, str]) -> None:
    commands = run("eva --help", Path(), {})
    known = {line.split()[0] for line in commands[commands.index("Commands:") + 1 :] if line}
    named = {
        (page, name)
        for page, text in pages.items()
        for name in re.findall(r"(?:`|^\$ |^)eva ([a-z]+)", text, re.MULTILINE)
    }
    assert {name for _, name in named} >= {"serve", "demo", "ask", "doctor"}
    assert {(page, name) for page, name in named if name not in known} == set()


def test_the_table_of_formats_names_what_can_be_read(root: Path) -> None:
    table = (root / "README.md").read_text().split("| format |")[1].split("\n\n")[0]
    named = set(re.findall(r"`(\.\w+)`", table))
    assert named == {".pdf", ".rtf", *media._BY_NAME, *media._ZIPPED, *media._COMPOUND}
