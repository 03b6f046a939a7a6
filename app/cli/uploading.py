"""Uploading many files: what was skipped and why, and how far the server is with the rest."""

import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from app.cli.progress import Progress, progress
from app.cli.refusal import RefusedError

if TYPE_CHECKING:
    from app.cli.client import Client
    from app.cli.screen import Screen

_POLL_S = 0.3
_ENDED = frozenset({"ready", "failed"})
_FILES_FAULT = frozenset({413, 415})  # too large, not a document


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of every file uploaded."""

    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def form(self) -> dict[str, str]:
        """Return the form fields that go beside the file; what is not said is left out."""
        said = {"tags": self.tags, "metadata": self.metadata}
        return {name: json.dumps(value) for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `ready`, `failed`, `skipped`, `pending`, and why."""

    path: str
    status: str
    document_id: str | None = None
    reason: str | None = None
    named: bool = True  # named by the caller, not found in a folder

    @property
    def bad(self) -> bool:
        """Tell whether the caller should hear of it by the exit code."""
        return self.status == "failed" or (self.status == "skipped" and self.named)


def files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield each file and whether it was named itself; hidden ones in folders are left out."""
    for path in paths:
        if path.is_file():
            yield path, True
            continue
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and (Path(folder) / name).is_file():
                    yield Path(folder) / name, False


def upload_all(
    server: "Client", target: str, paths: Sequence[Path], said: Said, *, wait: bool
) -> list[Outcome]:
    """Upload every file to `target`; with `wait`, until each has ended. Told on standard error."""
    found = list(files(paths))
    outcomes = []
    with progress("uploading", len(found)) as bar:
        for path, named in found:
            outcomes.append(replace(_upload(server, target, path, said, bar), named=named))
            bar.finish(path.name)
    if not wait:
        return outcomes
    with progress("reading", sum(o.status == "pending" for o in outcomes)) as bar:
        return [_await(server, outcome, bar) for outcome in outcomes]


class _Watched(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, bar: Progress) -> None:
        super().__init__(path)
        self._bar, self._size = bar, path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self._bar.reach(self.tell() / max(1, self._size))
        return chunk


def _upload(server: "Client", target: str, path: Path, said: Said, bar: Progress) -> Outcome:
    try:
        with _Watched(path, bar) as content:
            made = server.call(
                "POST", target, files={"file": (path.name, content)}, data=said.form()
            )
    except OSError as error:
        return Outcome(str(path), "failed", reason=error.strerror or "unreadable")
    except RefusedError as refused:
        if not _is_files_fault(refused):
            raise
        return Outcome(str(path), "skipped", reason=refused.brief)
    return Outcome(str(path), "pending", made["id"])


def _is_files_fault(refused: RefusedError) -> bool:
    """Tell whether another file could be taken: this one is too large, no document or empty."""
    about_file = any(error.get("pointer") == "/file" for error in refused.errors)
    return refused.status in _FILES_FAULT or about_file


def _await(server: "Client", outcome: Outcome, bar: Progress) -> Outcome:
    """Return how the reading of an uploaded document ended."""
    if outcome.status != "pending":
        return outcome
    while True:
        found: dict[str, Any] = server.get(f"/api/v1/documents/{outcome.document_id}")
        if found["status"] in _ENDED:
            bar.finish(Path(outcome.path).name)
            return replace(outcome, status=found["status"], reason=found.get("reason"))
        bar.reach((found["progress"] or {}).get("fraction", 0.0))
        time.sleep(_POLL_S)


def report(outcomes: Sequence[Outcome], screen: "Screen") -> None:
    """Show what became of the files; exit code 1 if something named by the caller went wrong."""
    rows = [
        {"file": o.path, "status": o.status, "document": o.document_id, "reason": o.reason}
        for o in outcomes
    ]
    screen.listing(rows, ("file", "status", "document", "reason"))
    if any(outcome.bad for outcome in outcomes):
        raise typer.Exit(1)
