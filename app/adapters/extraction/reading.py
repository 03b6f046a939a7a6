"""What the readers of the formats hand over: parts of blocks, and why a file can't be read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import ExtractionFailedError
from app.core.models import FailureReason


@dataclass(frozen=True, slots=True)
class Caps:
    """How much is read of one file; more is `too-large`, a bigger unpacked size a bomb."""

    pages: int = 5_000
    characters: int = 20_000_000
    archive_entries: int = 5_000
    unpacked_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or several, or (`level` 1 to 6) a heading."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A page, slide or sheet, or the whole of a file that has none."""

    blocks: Iterable[Block]
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text in reading order, not normalised yet. `paged`: parts are numbered pages."""

    parts: Iterable[Part]
    paged: bool = False
    title: str | None = None


Reader = Callable[[Path, Caps], Reading]


def failure(reason: FailureReason) -> ExtractionFailedError:
    """Return the error that says why a file can't be read."""
    return ExtractionFailedError(reason=reason)
