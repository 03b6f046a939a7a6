import ast
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> tuple[str, ...]:
    """Paths of the files under version control that are still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return tuple(name for name in listed if name and (ROOT / name).is_file())


@pytest.fixture(scope="session")
def sources(tracked: tuple[str, ...]) -> Mapping[str, str]:
    """The Python files under version control, by path."""
    return {name: (ROOT / name).read_text() for name in tracked if name.endswith(".py")}


@pytest.fixture(scope="session")
def trees(sources: Mapping[str, str]) -> Mapping[str, ast.Module]:
    """Their syntax trees."""
    return {name: ast.parse(text) for name, text in sources.items()}


@pytest.fixture(scope="session")
def pages(tracked: tuple[str, ...]) -> Mapping[str, str]:
    """The Markdown pages under version control, by path."""
    return {name: (ROOT / name).read_text() for name in tracked if name.endswith(".md")}
