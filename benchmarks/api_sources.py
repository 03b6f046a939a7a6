"""Where real text lies on a machine with Python, none of it fetched."""

import ast
import gzip
import html
import json
import os
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics

ROOT = Path(__file__).resolve().parent.parent
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)
_DOCS = (".txt", ".md", ".rst", ".html", ".txt.gz", ".md.gz", ".rst.gz")
_LARGEST = 2_000_000  # bytes of one file


@dataclass(frozen=True)
class Source:
    """A named text, read only when it is wanted."""

    kind: str
    name: str
    read: Callable[[], str]


def sources() -> Iterator[Source]:
    """Yield every source of this machine, in no order that matters."""
    paths = sysconfig.get_paths()
    yield from _docstrings("standard library", Path(paths["stdlib"]))
    yield from _docstrings("installed packages", Path(paths["purelib"]))
    for name, text in topics.items():
        yield Source("Python reference", f"topic/{name}", partial(str, text))
    yield from _descriptions(Path(paths["purelib"]))
    for path in Path("/usr/share/common-licenses").glob("*"):
        yield Source("licences", str(path), partial(_plain, path))
    yield from _system_documents(Path("/usr/share/doc"))
    yield from _collections(Path(os.environ.get("EVA_RETRIEVAL_DATA", "../shared/data/retrieval")))


def _docstrings(kind: str, root: Path) -> Iterator[Source]:
    for path in root.rglob("*.py"):
        inside = path.relative_to(root)
        if not {"test", "tests", "site-packages"}.intersection(inside.parts):
            yield Source(kind, f"{kind}/{inside}", partial(_docstrings_of, path))


def _docstrings_of(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            return ""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [ast.get_docstring(node) for node in ast.walk(module) if isinstance(node, documented)]
    return "\n\n".join(text for text in found if text)


def _descriptions(packages: Path) -> Iterator[Source]:
    for path in packages.glob("*.dist-info/**/*"):
        if path.name == "METADATA" or path.name.upper().startswith(("LICEN", "NOTICE", "COPYING")):
            yield Source(
                "package descriptions", str(path.relative_to(packages)), partial(_plain, path)
            )


def _system_documents(root: Path) -> Iterator[Source]:
    for path in root.rglob("*"):
        name = path.name.lower()
        if name.endswith(_DOCS) and "change" not in name and not path.is_symlink():
            yield Source("system documents", str(path.relative_to(root)), partial(_plain, path))


def _collections(root: Path) -> Iterator[Source]:
    for path in (root if root.is_absolute() else ROOT / root).glob("*/docs.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            name = f"{path.parent.name}/{told['id']}"
            yield Source("test collections", name, partial(str, told["text"]))


def _plain(path: Path) -> str:
    """Return a file's text; HTML without its tags, nothing for what is no text."""
    if not path.is_file() or path.stat().st_size > _LARGEST:
        return ""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode("utf-8", errors="replace")
    if "\ufffd" in text or "\0" in text:
        return ""
    return html.unescape(_TAG.sub(" ", text)) if path.suffix == ".html" else text
