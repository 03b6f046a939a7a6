"""Word documents (WordprocessingML): paragraphs, headings, tables and footnotes in reading order.

Left out: what Word does not print (hidden text, deleted revisions, comments, field codes), page
headers and footers, the table of contents. Word files have no pages until they are printed.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from app.adapters.extraction.archive import Archive
from app.adapters.extraction.reading import Block, Caps, Part, Reading
from app.adapters.extraction.rows import lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH, _TABLE, _RUN, _VALUE = _W + "p", _W + "tbl", _W + "r", _W + "val"
_TEXT = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_SKIPPED = {
    *(_W + name for name in ("pPr", "rPr", "del", "moveFrom", "sdtPr", "tblPr", "trPr", "tcPr")),
    *(_W + name for name in ("delText", "instrText", "delInstrText")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_NOTES = {_W + "footnoteReference": "footnotes", _W + "endnoteReference": "endnotes"}
_OFF = ("0", "false", "off")
_DEEPEST = 6


def read_docx(path: Path, caps: Caps) -> Reading:
    """Read a .docx file."""
    with Archive(path, caps) as archive:
        document = _Document(archive)
        return Reading([Part(list(document.blocks()))], title=archive.title())


class _Document:
    def __init__(self, archive: Archive) -> None:
        main = archive.main()
        targets = {
            kind: name for kind, name in archive.relations(main).values() if archive.has(name)
        }
        self._body = archive.xml(main).find(_W + "body")
        self._styles = _Styles(archive.xml(targets["styles"]) if "styles" in targets else None)
        self._notes = {
            (kind, note.get(_W + "id")): note
            for kind in _NOTES.values()
            if kind in targets
            for note in archive.xml(targets[kind])
        }
        self._cited: list[tuple[str, str | None]] = []

    def blocks(self) -> Iterator[Block]:
        if self._body is not None:
            yield from self._story(self._body)

    def _story(self, parent: Element) -> Iterator[Block]:
        """Yield the blocks below an element that holds paragraphs and tables."""
        for child in parent:
            if child.tag == _PARAGRAPH:
                level = self._styles.level(child)
                if level is not None:
                    yield Block(self._text(child), level)
            elif child.tag == _TABLE:
                yield Block("\n".join(self._rows(child)))
            elif child.tag not in _SKIPPED:  # content controls, insertions, custom XML
                yield from self._story(child)
            yield from self._footnotes()

    def _footnotes(self) -> Iterator[Block]:
        cited, self._cited = self._cited, []
        for reference in cited:
            if (note := self._notes.pop(reference, None)) is not None:
                yield from self._story(note)

    def _rows(self, table: Element) -> Iterator[str]:
        rows: list[list[str]] = []
        header: int | None = None
        for row in table.iter(_W + "tr"):
            if row.find(f"{_W}trPr/{_W}tblHeader") is not None and header in (None, len(rows) - 1):
                header = len(rows)
            rows.append([self._text(cell) for cell in row.iter(_W + "tc")])
        return lines(rows, header)

    def _text(self, parent: Element) -> str:
        pieces: list[str] = []
        self._collect(parent, pieces)
        return "".join(pieces)

    def _collect(self, parent: Element, pieces: list[str]) -> None:
        for child in parent:
            tag = child.tag
            if tag == _W + "t":
                pieces.append(child.text or "")
            elif tag in _TEXT:
                pieces.append(_TEXT[tag])
            elif tag in _NOTES:
                self._cited.append((_NOTES[tag], child.get(_W + "id")))
            elif tag not in _SKIPPED and not (tag == _RUN and _is_on(child, "vanish")):
                self._collect(child, pieces)
                if tag == _PARAGRAPH:  # in a cell or a text box
                    pieces.append("\n")


def _is_on(run: Element, name: str) -> bool:
    found = run.find(f"{_W}rPr/{_W}{name}")
    return found is not None and found.get(_VALUE) not in _OFF


class _Styles:
    """Knows which paragraph styles are headings, by outline level or by their English name."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {
            style.get(_W + "styleId"): style
            for style in (() if root is None else root.iter(_W + "style"))
        }

    def level(self, paragraph: Element) -> int | None:
        """Return 1..6 of a heading, 0 of body text, None of a line of the table of contents."""
        outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        if outline is not None:
            return _outline(outline)
        return 0 if style is None else self._of_style(style.get(_VALUE))

    def _of_style(self, name: str | None) -> int | None:
        for _ in range(10):  # styles are based on styles
            style = self._styles.get(name)
            if style is None:
                return 0
            called = _value(style, "name").lower()
            if called.startswith("toc ") and called != "toc heading":
                return None
            if called == "title":
                return 1
            if called.startswith("heading ") and called[8:].isdigit():
                return min(int(called[8:]), _DEEPEST)
            if (outline := style.find(f"{_W}pPr/{_W}outlineLvl")) is not None:
                return _outline(outline)
            name = _value(style, "basedOn")
        return 0


def _outline(element: Element) -> int:
    level = int(element.get(_VALUE, "9"))
    return 0 if level > 8 else min(level + 1, _DEEPEST)  # noqa: PLR2004 - 9 is body text


def _value(style: Element, name: str) -> str:
    found = style.find(_W + name)
    return "" if found is None else found.get(_VALUE, "")
