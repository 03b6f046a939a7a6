"""Runbooks as tests see them: what they say of themselves, their sections and their code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "runbooks"
RUN = "bash run"


@dataclass(frozen=True)
class Block:
    """A piece of code of a page; `kind` is what is written behind its fence."""

    kind: str
    code: str


@dataclass(frozen=True)
class Page:
    """A runbook."""

    name: str
    text: str

    @property
    def head(self) -> Mapping[str, Any]:
        """Return its front matter."""
        found: Mapping[str, Any] = yaml.safe_load(self.text.split("---\n")[1])
        return found

    @property
    def sections(self) -> Mapping[str, str]:
        """Return its sections by heading, in order."""
        parts = re.split(r"^## (.+)$", self.text, flags=re.MULTILINE)[1:]
        return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}

    @property
    def prose(self) -> str:
        """Return its text without code blocks."""
        return re.sub(r"^ *```.*?^ *```\n", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @property
    def blocks(self) -> list[Block]:
        """Return its code blocks, as they stand below a list's indentation."""
        found = re.findall(r"^( *)```(\S[^\n]*)\n(.*?)^ *```$", self.text, re.MULTILINE | re.DOTALL)
        return [
            Block(kind, re.sub(rf"^{indent}", "", code, flags=re.MULTILINE))
            for indent, kind, code in found
        ]


def pages(folder: str) -> list[Page]:
    """Return the runbooks of a folder."""
    found = sorted((FOLDER / folder).glob("*.md"))
    return [Page(f"{folder}/{path.stem}", path.read_text()) for path in found]


ALERTS = pages("alerts")
PROCEDURES = pages("procedures")
PAGES = [*ALERTS, *PROCEDURES]


def kql() -> dict[str, str]:
    """Return the queries that runbooks show, by page and number."""
    return {
        f"runbook {page.name} {number}": block.code
        for page in PAGES
        for number, block in enumerate(page.blocks, 1)
        if block.kind == "kql"
    }
