"""Assembles what was read into one normalised text with pages, sections and passages."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from semantic_text_splitter import TextSplitter

from app.adapters.extraction.reading import Caps, Part, Reading, failure
from app.adapters.extraction.text import normalise, one_line
from app.core.language import detect
from app.core.models import Extraction, FailureReason, PageSpan, PassageSpan, Section

PASSAGE_CHARACTERS = 1200
SHORT = 120  # a section below this is joined to the next one's passage
_TITLE = 300
_WINDOW = 20_000  # characters
_EDGES = ("\n\n", "\n", ". ", " ")  # where a window ends, best first
_SEPARATOR = "\n\n"


def assemble(reading: Reading, caps: Caps) -> Extraction:
    """Return the extraction; ExtractionFailedError when nothing or too much was read."""
    draft = _Draft(caps)
    for part in reading.parts:
        draft.add(part)
    text = _SEPARATOR.join(draft.pieces)
    if not any(character.isalnum() for character in text):
        raise failure(FailureReason.EMPTY)
    first = draft.sections[0].title if draft.sections else ""
    return Extraction(
        text=text,
        language=detect(text),
        pages=tuple(draft.pages) if reading.paged else (),
        sections=tuple(draft.sections),
        passages=tuple(cut(text, draft.pages, draft.sections, paged=reading.paged)),
        title=one_line(normalise(reading.title or first))[:_TITLE] or None,
    )


class _Draft:
    def __init__(self, caps: Caps) -> None:
        self.pieces: list[str] = []
        self.pages: list[PageSpan] = []
        self.sections: list[Section] = []
        self._caps = caps
        self._length = 0

    def add(self, part: Part) -> None:
        if len(self.pages) >= self._caps.pages:
            raise failure(FailureReason.TOO_LARGE)
        begin = self._next()
        for block in part.blocks:
            if text := normalise(block.text):
                self._append(one_line(text) if block.level else text, block.level)
        number, end = len(self.pages) + 1, max(begin, self._length)
        if end == begin:  # a page without text lies where the text before it ends
            begin = end = self._length
        label = one_line(normalise(part.label or ""))[:_TITLE] or None
        self.pages.append(PageSpan(number=number, start=begin, end=end, label=label))

    def _next(self) -> int:
        return self._length + len(_SEPARATOR) if self.pieces else 0

    def _append(self, text: str, level: int) -> None:
        start = self._next()
        if level:
            self.sections.append(Section(title=text[:_TITLE], level=level, start=start))
        self.pieces.append(text)
        self._length = start + len(text)
        if self._length > self._caps.characters:
            raise failure(FailureReason.TOO_LARGE)


def cut(
    text: str, pages: Sequence[PageSpan], sections: Sequence[Section], *, paged: bool
) -> Iterator[PassageSpan]:
    """Yield passages in order: every visible character is in one, none crosses a page.

    Nor does one cross the start of a section, unless what precedes it is short. Offsets in
    characters and in UTF-8 bytes are counted along in one pass.
    """
    splitter = TextSplitter(PASSAGE_CHARACTERS)
    starts = [section.start for section in sections]
    ordinal = at = byte_at = 0
    for page in pages:
        for begin, end in _windows(text, _regions(page, starts)):
            for offset, passage in splitter.chunk_indices(text[begin:end]):
                start = begin + offset
                byte_start = byte_at + len(text[at:start].encode())
                at = start + len(passage)
                byte_at = byte_start + len(passage.encode())
                heading = bisect_left(starts, at)
                yield PassageSpan(
                    ordinal=ordinal,
                    start=start,
                    end=at,
                    byte_start=byte_start,
                    byte_end=byte_at,
                    page=page.number if paged else None,
                    section=sections[heading - 1].title if heading else None,
                )
                ordinal += 1


def _regions(page: PageSpan, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    inside = starts[bisect_left(starts, page.start) : bisect_left(starts, page.end)]
    edges = [page.start]
    for start in inside:
        if start - edges[-1] >= SHORT:
            edges.append(start)
    return pairwise([*edges, page.end])


def _windows(text: str, regions: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the regions, long ones in parts: the splitter's time grows with the square."""
    for region_begin, end in regions:
        begin = region_begin
        while end - begin > _WINDOW:
            edge = begin + _WINDOW
            found = (text.rfind(mark, edge - _WINDOW // 4, edge) for mark in _EDGES)
            cut_at = next((at for at in found if at >= 0), edge - 1) + 1
            yield begin, cut_at
            begin = cut_at
        yield begin, end
