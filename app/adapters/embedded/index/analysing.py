"""What is computed of a version's passages before they are stored: pure, of plain data."""

from collections.abc import Sequence
from typing import TypeAlias

from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.postings import analyse
from app.core import said

Analysed: TypeAlias = tuple[bytes, list[str]]  # the postings, and what each passage says


def analysed(texts: Sequence[str], sections: Sequence[str]) -> Analysed:
    """Return the postings of passages under their headings, and the sentences of each passage."""
    analyzer = SnowballAnalyzer()
    return analyse(texts, sections), [said.written(said.cut(text, analyzer)) for text in texts]
