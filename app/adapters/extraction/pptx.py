"""PowerPoint presentations (PresentationML): a slide is a page, its title a heading.

Left out: hidden slides and shapes, charts, diagrams. Speaker notes follow their slide.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from app.adapters.extraction.archive import Archive
from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.rows import lines
from app.adapters.extraction.text import one_line
from app.core.models import FailureReason

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SHAPES = {_P + "sp", _P + "graphicFrame"}
_FURNITURE = {"dt", "ftr", "hdr", "sldNum", "sldImg"}  # date, footer, header, number, picture
_TITLES = {"title", "ctrTitle"}


def read_pptx(path: Path, caps: Caps) -> Reading:
    """Read a .pptx file."""
    with Archive(path, caps) as archive:
        main = archive.main()
        relations = archive.relations(main)
        slides = [
            relations[slide.get(_ID, "")][1] for slide in archive.xml(main).iter(_P + "sldId")
        ]
        if len(slides) > caps.pages:
            raise failure(FailureReason.TOO_LARGE)
        return Reading([_slide(archive, name) for name in slides], True, archive.title())


def _slide(archive: Archive, name: str) -> Part:
    root = archive.xml(name)
    if root.get("show") in ("0", "false"):
        return Part([])
    blocks = list(_blocks(root))
    label = next((one_line(block.text) for block in blocks if block.level), None)
    for kind, target in archive.relations(name).values():
        if kind == "notesSlide" and archive.has(target):
            blocks += _blocks(archive.xml(target))
    return Part(blocks, label)


def _blocks(root: Element) -> Iterator[Block]:
    for shape in root.iter():
        if shape.tag not in _SHAPES or _is_hidden(shape):
            continue
        placeholder = shape.find(f".//{_P}nvPr/{_P}ph")
        kind = "" if placeholder is None else placeholder.get("type", "body")
        if kind in _FURNITURE:
            continue
        table = shape.find(f".//{_A}tbl")
        text = _paragraphs(shape) if table is None else "\n".join(_rows(table))
        yield Block(text, 1 if kind in _TITLES else 0)


def _is_hidden(shape: Element) -> bool:
    properties = shape.find(f".//{_P}cNvPr")
    return properties is not None and properties.get("hidden") in ("1", "true")


def _rows(table: Element) -> Iterator[str]:
    rows = [[_paragraphs(cell) for cell in row.iter(_A + "tc")] for row in table.iter(_A + "tr")]
    properties = table.find(_A + "tblPr")
    named = properties is not None and properties.get("firstRow") in ("1", "true")
    return lines(rows, 0 if named and len(rows) > 1 else None)


def _paragraphs(parent: Element) -> str:
    return "\n".join(_text(paragraph) for paragraph in parent.iter(_A + "p"))


def _text(paragraph: Element) -> str:
    pieces = []
    for node in paragraph.iter():
        if node.tag == _A + "t":
            pieces.append(node.text or "")
        elif node.tag == _A + "br":
            pieces.append("\n")
    return "".join(pieces)
