"""Older office formats by kreuzberg: .doc, .ppt, .rtf, .odt. Headings are known of .odt only."""

from collections.abc import Iterator
from pathlib import Path

from app.adapters.extraction.archive import Archive
from app.adapters.extraction.media import DOC, ODT, PPT, RTF
from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.text import one_line
from app.core.models import FailureReason


def read_doc(path: Path, _: Caps) -> Reading:
    """Read a .doc file."""
    return _read(path, DOC)


def read_ppt(path: Path, _: Caps) -> Reading:
    """Read a .ppt file; its slides are not told apart."""
    return _read(path, PPT)


def read_rtf(path: Path, _: Caps) -> Reading:
    """Read a .rtf file; `malformed` when its last group is not closed."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        if not file.read().rstrip(b"\0\r\n\t ").endswith(b"}"):
            raise failure(FailureReason.MALFORMED)
    return _read(path, RTF)


def read_odt(path: Path, caps: Caps) -> Reading:
    """Read a .odt file."""
    with Archive(path, caps):
        return _read(path, ODT)


def _read(path: Path, media_type: str) -> Reading:
    # Imported by the child that needs it: rarely, and heavier than all else together.
    from kreuzberg import ExtractionConfig, extract_file_sync  # noqa: PLC0415
    from kreuzberg.exceptions import KreuzbergError  # noqa: PLC0415

    config = ExtractionConfig(
        use_cache=False, enable_quality_processing=False, include_document_structure=True
    )
    try:
        found = extract_file_sync(path, media_type, config=config)
    except KreuzbergError:
        raise failure(FailureReason.MALFORMED) from None
    nodes = found.document["nodes"] if found.document else []
    headings = [
        (one_line(content["text"]), int(content["level"]))
        for content in (node["content"] for node in nodes)
        if content["node_type"] == "heading"
    ]
    title = None if media_type == RTF else found.metadata.get("title")  # RTF: not decoded
    return Reading([Part(list(_blocks(found.content, headings)))], title=title)


def _blocks(content: str, headings: list[tuple[str, int]]) -> Iterator[Block]:
    """Yield paragraphs, those that are the next heading as headings."""
    waiting = iter(headings)
    title, level = next(waiting, ("", 0))
    for paragraph in content.split("\n\n"):
        if level and one_line(paragraph) == title:
            yield Block(paragraph, level)
            title, level = next(waiting, ("", 0))
        else:
            yield Block(paragraph)
