"""Candidates to rank and answer from, made by hand."""

from collections.abc import Sequence

from app.core.language import STOP_WORDS
from app.core.models import Passage, PassageSpan
from app.core.ports import Candidate, Found, Ranked

STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]


class PlainAnalyzer:
    """`Analyzer` without stemming: lower-case words that are no function words."""

    def terms(self, text: str) -> list[str]:
        cleaned = "".join(c if c.isalnum() else " " for c in text.lower())
        return [word for word in cleaned.split() if word not in STOP]


def passage(
    text: str, *, document_id: str = "doc_1", ordinal: int = 0, start: int = 0, language: str = "en"
) -> Passage:
    span = PassageSpan(
        ordinal=ordinal,
        start=start,
        end=start + len(text),
        byte_start=2 * start,  # anything that is not the character offset
        byte_end=2 * start + len(text.encode()),
        page=1,
    )
    return Passage(
        document_id=document_id, version=1, title="", span=span, text=text, language=language
    )


def candidate(
    of: Passage,
    *,
    lexical: float = 1.0,
    similarity: float = 0.5,
    matched: Sequence[int] = (0,),
    space_id: str = "spc_1",
) -> Candidate:
    return Candidate(
        passage=of,
        space_id=space_id,
        lexical=lexical,
        similarity=similarity,
        matched=frozenset(matched),
    )


def ranked(text: str, **options: str | int) -> Ranked:
    return Ranked(
        candidate=candidate(passage(text, **options)),  # type: ignore[arg-type]
        score=0.5,
        coverage=1.0,
    )


def searched(question: str, *passages: Passage) -> Found:
    """What a plain search would find: every term weighs 1, passages score by terms they have."""
    analyzer = PlainAnalyzer()
    terms = list(dict.fromkeys(analyzer.terms(question)))
    found = []
    for one in passages:
        here = set(analyzer.terms(one.text))
        matched = [n for n, term in enumerate(terms) if term in here]
        share = len(matched) / max(len(terms), 1)
        found.append(candidate(one, lexical=float(len(matched)), similarity=share, matched=matched))
    return Found(
        terms=tuple((term, 1.0) for term in terms),
        candidates=tuple(found),
        passages_searched=len(passages),
        stages_ms={"score": 1.0},
    )
