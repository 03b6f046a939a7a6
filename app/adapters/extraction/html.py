"""HTML as a reader sees it: headings, paragraphs, rows of tables; nothing that is not shown.

Left out: scripts, styles, templates, comments, forms' values, and elements hidden by attribute,
by inline style, or by a plain class or id rule of the page's own style sheet. What only a
browser could find out (external style sheets, text in the background's colour) is not.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.rows import lines
from app.adapters.extraction.text import decode, one_line
from app.core.models import FailureReason


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_UNSEEN = _names(
    "script style template noscript title select option datalist textarea object iframe svg "
    "canvas audio video map dialog"
)
_BLOCK = _names(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section "
    "summary table tbody td tfoot th thead tr ul"
)
_HEADINGS = _names("h1 h2 h3 h4 h5 h6")
_IN_CELL = _names("p div caption tbody thead tfoot figure")  # tables of data have them
# An opening tag on the left ends an open element on the right.
_IMPLIED_END = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "option": {"option"},
}
_LONG_CELL = 400
_SPACES = re.compile(r"\s+")
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?:\.0*)?(?![.\d])",
    re.IGNORECASE,
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"[a-z0-9]*([.#][\w-]+)$", re.IGNORECASE)
_AT_RULE = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def read_html(path: Path, caps: Caps) -> Reading:
    """Read a web page, in the encoding it declares or as text is decoded."""
    if path.stat().st_size > 4 * caps.characters:
        raise failure(FailureReason.TOO_LARGE)
    return parse_html(_decode(path.read_bytes()))


def parse_html(source: str) -> Reading:
    """Read the source of a web page."""
    page = _Page()
    page.feed(source)
    page.close()
    return Reading([Part(page.finish())], title=one_line("".join(page.title)))


def _decode(data: bytes) -> str:
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii").lower()
        try:  # browsers read these two as the Windows code page
            return data.decode("cp1252" if name in ("iso-8859-1", "us-ascii") else name)
        except (LookupError, ValueError):
            pass
    return decode(data)


class _Page(HTMLParser):
    """Builds blocks along the stream of tags; no tree, so depth costs nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self._flow = _Flow()
        self._open: list[tuple[str, bool]] = []  # open elements: name, and whether it hides
        self._count: Counter[str] = Counter()
        self._hidden = 0
        self._style: list[str] = []
        self._hiding: set[str] = set()  # ".class" and "#id" that the style sheet hides

    def finish(self) -> list[Block]:
        """Return the blocks, with what is still open at the end of the file."""
        self._flow.end_table()
        return self._flow.blocks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_implied(tag)
        if not self._hidden and tag in ("br", "img"):
            self._flow.add("\n" if tag == "br" else f" {dict(attrs).get('alt') or ''} ")
        if tag in _VOID:
            return
        hides = tag in _UNSEEN or self._is_hidden(dict(attrs))
        self._open.append((tag, hides))
        self._count[tag] += 1
        self._hidden += hides
        if not self._hidden and tag in _BLOCK:
            self._flow.start(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._count[tag]:
            return
        for depth in range(len(self._open) - 1, -1, -1):
            name = self._open[depth][0]
            if name == tag:
                while len(self._open) > depth:
                    self._close()
                return
            if name in _BLOCK and tag not in _BLOCK:
                return  # as in browsers: an inline end does not end a block

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._flow.add(data if self._count["pre"] else _SPACES.sub(" ", data))
        elif self._open[-1][0] == "title":
            self.title.append(data)
        elif self._open[-1][0] == "style":
            self._style.append(data)

    def _close(self) -> None:
        tag, hides = self._open.pop()
        if not self._hidden and tag in _BLOCK:
            self._flow.end(tag)
        self._count[tag] -= 1
        self._hidden -= hides
        if tag == "style":
            self._hiding.update(_hidden_selectors("".join(self._style)))
            self._style.clear()

    def _end_implied(self, tag: str) -> None:
        if tag in _BLOCK and self._open and self._open[-1][0] == "p":
            self._close()
        ends = _IMPLIED_END.get(tag, ())
        while self._open and self._open[-1][0] in ends:
            self._close()

    def _is_hidden(self, attributes: dict[str, str | None]) -> bool:
        if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style") or ""):
            return True
        if not self._hiding:
            return False
        named = {f".{name}" for name in (attributes.get("class") or "").split()}
        return not self._hiding.isdisjoint(named | {f"#{attributes.get('id')}"})


class _Flow:
    """Collects what is shown into blocks. A table whose cells hold blocks is layout: it flows."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._rows: list[list[str]] = []
        self._row: list[str] | None = None
        self._heads = 0  # header cells of this row
        self._header: int | None = None

    def add(self, text: str) -> None:
        """Continue the open block."""
        self._pieces.append(text)

    def start(self, tag: str) -> None:
        """Open a block element."""
        if tag == "tr":
            self._end_row()
            self._row = []
        elif tag in ("td", "th"):
            self._end_cell()
            self._heads += tag == "th"
        elif self._row is None:
            self._flush()
        elif tag in _IN_CELL:
            self.add("\n")
        else:
            self.end_table()

    def end(self, tag: str) -> None:
        """Close a block element."""
        if tag == "table":
            self.end_table()
        elif tag == "tr":
            self._end_row()
        elif self._row is None:
            self._flush(int(tag[1]) if tag in _HEADINGS else 0, keep=tag == "pre")
        elif tag in ("td", "th"):
            self._end_cell()
        else:
            self.add("\n")

    def end_table(self) -> None:
        """Turn the rows so far into blocks: lines, or one block a cell when cells are long."""
        self._end_row()
        rows, header = self._rows, self._header if len(self._rows) > 1 else None
        self._rows, self._header = [], None
        if any(len(cell) > _LONG_CELL for row in rows for cell in row):
            self.blocks += [Block(cell) for row in rows for cell in row]
        elif rows:
            self.blocks.append(Block("\n".join(lines(rows, header))))

    def _end_row(self) -> None:
        if self._row is None:
            self._flush()
            return
        self._end_cell()
        if not self._rows and len(self._row) == self._heads:
            self._header = 0
        self._rows.append(self._row)
        self._row, self._heads = None, 0

    def _end_cell(self) -> None:
        if self._row is None:
            self._flush()
            self._row = []
        elif text := self._text():
            self._row.append(text)

    def _flush(self, level: int = 0, *, keep: bool = False) -> None:
        if text := self._text(keep=keep):
            self.blocks.append(Block(text, level))

    def _text(self, *, keep: bool = False) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        return text if keep else "\n".join(map(one_line, text.split("\n"))).strip()


def _hidden_selectors(sheet: str) -> Iterator[str]:
    for rule in _RULE.finditer(_AT_RULE.sub("", sheet)):  # rules for print or phones don't count
        if _HIDDEN_STYLE.search(rule[2]):
            for selector in rule[1].split(","):
                if found := _SELECTOR.match(selector.strip()):
                    yield found[1]
