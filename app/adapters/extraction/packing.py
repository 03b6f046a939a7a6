"""An extraction as plain data, the only thing that a sandbox hands out, and back."""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from app.core.models import Extraction, PageSpan, PassageSpan, Section

T = TypeVar("T", PageSpan, Section, PassageSpan)


def pack(extraction: Extraction) -> tuple[Any, ...]:
    """Return an extraction as tuples of plain data."""
    return (
        extraction.text,
        extraction.language,
        extraction.title,
        _rows(PageSpan, extraction.pages),
        _rows(Section, extraction.sections),
        _rows(PassageSpan, extraction.passages),
    )


def unpack(packed: tuple[Any, ...]) -> Extraction:
    """Return the extraction that was packed."""
    text, language, title, pages, sections, passages = packed
    return Extraction(
        text=text,
        language=language,
        title=title,
        pages=_built(PageSpan, pages),
        sections=_built(Section, sections),
        passages=_built(PassageSpan, passages),
    )


def _names(model: type[T]) -> list[str]:
    return [field.name for field in fields(model)]


def _rows(model: type[T], items: Iterable[T]) -> list[Any]:
    return list(map(attrgetter(*_names(model)), items))


def _built(model: type[T], rows: Iterable[Any]) -> tuple[T, ...]:
    names = _names(model)
    return tuple(model(**dict(zip(names, row, strict=True))) for row in rows)
