"""What reading a file gives: text, and offsets into it. Spans are half-open, in characters."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpan:
    """A page (or sheet, slide, part) of the extracted text; `number` starts at 1."""

    number: int
    start: int
    end: int
    label: str | None = None  # a sheet's or slide's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of the extracted text; it reaches to the next heading."""

    title: str
    level: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSpan:
    """A passage cut from the text: exact offsets, never across a page.

    `start`/`end` count characters, `byte_start`/`byte_end` the same span in the UTF-8 text, so
    that a span can be re-read from storage without reading what precedes it.
    """

    ordinal: int
    start: int
    end: int
    byte_start: int
    byte_end: int
    page: int | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What reading a file gives. `text` is normalised (NFC, LF); everything else points into it."""

    text: str
    language: str  # "en" or "fr"
    pages: tuple[PageSpan, ...] = ()  # empty for formats without pages
    sections: tuple[Section, ...] = ()
    passages: tuple[PassageSpan, ...] = ()
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage as retrieved, with its text and full address.

    `said` are its sentences as `app.core.said` writes them, where the index keeps them.
    """

    document_id: str
    version: int
    title: str
    span: PassageSpan
    text: str
    language: str
    said: str | None = field(default=None, repr=False, compare=False)
