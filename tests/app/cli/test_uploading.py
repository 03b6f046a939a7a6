from pathlib import Path

import pytest
import typer

from app.cli.screen import Screen
from app.cli.uploading import Outcome, files, report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.txt", ".git/config", "sub/.x/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    return tmp_path


def test_folders_are_walked_in_order_without_hidden_files(folder: Path) -> None:
    found = [(str(path.relative_to(folder)), named) for path, named in files([folder])]
    assert found == [("a.txt", False), ("b.txt", False), ("sub/c.txt", False)]


def test_a_file_that_is_named_is_taken_even_if_it_is_hidden(folder: Path) -> None:
    assert list(files([folder / ".hidden.txt"])) == [(folder / ".hidden.txt", True)]


def test_a_link_in_circles_ends(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    assert len(list(files([folder]))) == 3


@pytest.mark.parametrize(
    ("outcome", "bad"),
    [
        (Outcome("a", "ready"), False),
        (Outcome("a", "failed", reason="encrypted", named=False), True),
        (Outcome("a", "skipped", reason="unsupported-type", named=False), False),
        (Outcome("a", "skipped", reason="unsupported-type", named=True), True),
    ],
)
def test_the_exit_code_tells_of_what_was_named_and_what_failed(
    capsys: pytest.CaptureFixture[str], outcome: Outcome, *, bad: bool
) -> None:
    ended = 0
    try:
        report([outcome], Screen())
    except typer.Exit as end:
        ended = end.exit_code
    assert ended == int(bad)
    assert f"a\t{outcome.status}\t-\t{outcome.reason or '-'}" in capsys.readouterr().out
