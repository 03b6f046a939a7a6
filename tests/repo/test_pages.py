import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from app.cli.operations import page as operations_page
from app.main import create_app
from app.settings import Settings, known_names
from app.settings.__main__ import page as settings_page

NO_SETTINGS = ("EVA_READY_BETA", "EVA_READY_PRODUCTION")  # levels that a verdict grants
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)  # in a list it is indented
FOLDERS_WITH_ROWS = ("app", "tests", "pipelines")  # whose own folders are in the table too


def links(pages: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each page with each target that it links to."""
    for name, text in pages.items():
        prose = FENCED.sub("", text)
        prose = re.sub(r"`[^`\n]*`", "", prose)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            yield name, target


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.casefold()).strip().replace(" ", "-") for h in headings}


def leads_somewhere(root: Path, pages: Mapping[str, str], page: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    found = (root / page).parent / path if path else root / page
    if not found.exists():
        return False
    name = str(found.resolve().relative_to(root.resolve()))
    return not anchor or anchor in anchors(pages.get(name, ""))


def test_every_link_leads_somewhere(root: Path, pages: Mapping[str, str]) -> None:
    inner = [(page, to) for page, to in links(pages) if not re.match(r"https?:|mailto:", to)]
    assert inner
    assert [found for found in inner if not leads_somewhere(root, pages, *found)] == []


def test_a_link_to_nothing_would_be_found(root: Path) -> None:
    pages = {"README.md": "# One heading"}
    assert leads_somewhere(root, pages, "README.md", "#one-heading")
    assert not leads_somewhere(root, pages, "README.md", "#another")
    assert not leads_somewhere(root, pages, "README.md", "nowhere.md")


def test_code_within_a_sentence_stays_on_its_line(pages: Mapping[str, str]) -> None:
    torn = [
        (name, line)
        for name, text in pages.items()
        for line in FENCED.sub("", text).splitlines()
        if line.count("`") % 2
    ]
    assert torn == []


def test_the_settings_page_is_current(root: Path) -> None:
    assert (root / "docs/settings.md").read_text() == settings_page(), "run `make docs`"


def test_the_page_of_operations_is_current(root: Path) -> None:
    shown = operations_page(create_app(Settings()).openapi())
    assert (root / "docs/operations.md").read_text() == shown, "run `make docs`"


def test_every_setting_that_is_named_exists(root: Path, tracked: tuple[str, ...]) -> None:
    suffixes = {".md", ".yml", ".yaml", ".toml", ""}
    named = {
        (name, setting)
        for name in tracked
        if PurePosixPath(name).suffix in suffixes
        for setting in re.findall(r"\bEVA_[A-Z][A-Z_]*[A-Z]\b(?!…)", (root / name).read_text())
    }
    assert named
    known = {*known_names(), *NO_SETTINGS}
    assert {(name, setting) for name, setting in named if setting not in known} == set()


def test_a_variable_of_another_program_does_not_stop_the_service(
    trees: Mapping[str, ast.Module],
) -> None:
    read = {
        (name, node.value)
        for name, tree in trees.items()
        if not name.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and re.fullmatch("EVA_[A-Z_]+[A-Z]", str(node.value))
    }
    assert read
    known = known_names()
    assert {(name, value) for name, value in read if value not in known} == set()


@pytest.fixture(scope="module")
def folder_rows(root: Path) -> Mapping[str, list[str]]:
    """The rows of the table of folders, by folder."""
    text = (root / "CONTRIBUTING.md").read_text().split("| folder |")[1].split("\n\n")[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines()[2:]
    ]
    return {cells[0].strip("`"): cells[1:] for cells in rows}


def folders(tracked: tuple[str, ...]) -> set[str]:
    """Folders with tracked files: at the top, and those of some of them."""
    found = set()
    for path in map(PurePosixPath, tracked):
        for parent in path.parents:
            top, *rest = parent.parts or ("",)
            if (not rest and top) or (len(rest) == 1 and top in FOLDERS_WITH_ROWS):
                found.add(str(parent))
    return found - {".github"} | {".github/workflows"}


def test_the_table_of_folders_matches_the_tree(
    tracked: tuple[str, ...], folder_rows: Mapping[str, list[str]]
) -> None:
    extra = {"docs/adr"}  # worth a row of its own
    assert sorted(folder_rows) == sorted(folders(tracked) | extra)


def test_the_table_of_folders_says_what_belongs_and_what_does_not(
    folder_rows: Mapping[str, list[str]],
) -> None:
    assert [
        name for name, cells in folder_rows.items() if len(list(filter(None, cells))) != 3
    ] == []


def test_decisions_say_context_decision_and_consequences(pages: Mapping[str, str]) -> None:
    decisions = {name: text for name, text in pages.items() if name.startswith("docs/adr/")}
    assert decisions
    for name, text in decisions.items():
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert {"Context", "Decision", "Consequences"} <= set(headings), name


def test_no_two_decisions_have_one_number(pages: Mapping[str, str]) -> None:
    numbers = [PurePosixPath(name).name[:4] for name in pages if name.startswith("docs/adr/")]
    assert sorted(numbers) == sorted(set(numbers))
