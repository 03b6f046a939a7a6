"""From candidates to a checked answer, in three honest bands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from app.core.answering import (
    Answered,
    Asking,
    Composing,
    ExtractiveComposer,
    PassagesFound,
    Policy,
    SentenceReady,
    answer,
    stream,
)
from app.core.models import Band, Passage
from app.core.ports import Candidate, Claim, Composer, Found, Material, Support
from tests.app.core.passages import PlainAnalyzer, passage, searched

LOANS = passage(
    "# Loans\n\nA loan lasts three weeks. It can be renewed twice. Cards are free for residents.",
    document_id="doc_1",
)
PRETS = passage(
    "Un prêt dure trois semaines. La carte de bibliothèque est gratuite.",
    document_id="doc_2",
    language="fr",
)
POOLS = passage("The pool opens at noon. Children swim with an adult.", document_id="doc_3")


async def stored(of: Candidate, start: int, end: int) -> bytes:
    """The passages' own text: storage that holds what was indexed."""
    return of.passage.text.encode()[: end - start]


def asking(question: str, *passages: Passage, **options: object) -> Asking:
    made = Asking(
        question=question,
        found=[searched(question, *passages)],
        composing=Composing(ExtractiveComposer(PlainAnalyzer())),
        reader=stored,
    )
    return replace(made, **options)  # type: ignore[arg-type]


async def said(question: str, *passages: Passage, **options: object) -> list[str]:
    answered = await answer(asking(question, *passages, **options))
    return [sentence.text for sentence in answered.answer.sentences]


async def test_an_answer_is_made_of_the_sources_own_sentences() -> None:
    answered = await answer(asking("What is it that a loan lasts?", LOANS, POOLS))
    made = answered.answer
    assert made.band is Band.ANSWER
    assert made.sentences[0].text == "A loan lasts three weeks."
    assert made.sentences[0].citations == (1,)
    assert made.citations[0].quote == "A loan lasts three weeks."
    assert made.citations[0].document_id == "doc_1"
    assert made.text == "A loan lasts three weeks. [1]"
    assert made.language == "en"
    assert made.composer == "extractive"
    assert made.usage.passages == 2


async def test_the_sentences_of_a_passage_keep_its_order() -> None:
    assert await said("Can a loan that lasts weeks be renewed twice, three times?", LOANS) == [
        "A loan lasts three weeks.",
        "It can be renewed twice.",
    ]


async def test_an_answer_is_in_the_language_of_the_question_where_the_sources_have_it() -> None:
    both = (LOANS, PRETS)
    assert await said("Combien de semaines dure un prêt?", *both) == [
        "Un prêt dure trois semaines."
    ]
    assert await said("What is it that a loan lasts?", *both) == ["A loan lasts three weeks."]
    answered = await answer(asking("Combien de semaines dure un prêt?", *both))
    assert answered.answer.language == "fr"


async def test_the_other_language_serves_where_the_sources_have_only_that() -> None:
    answered = await answer(asking("prêt carte", PRETS, language="en"))
    assert answered.answer.band is Band.ANSWER
    assert answered.answer.language == "en"
    assert {c.document_id for c in answered.answer.citations} == {"doc_2"}


async def test_half_covered_questions_get_the_closest_passages_and_no_answer() -> None:
    answered = await answer(asking("loan forms photocopies", LOANS, POOLS))
    made = answered.answer
    assert 0.25 <= made.coverage < 0.5
    assert made.band is Band.CLOSEST
    assert made.sentences == ()
    assert made.citations[0].quote == LOANS.text


async def test_nothing_relevant_is_an_honest_nothing() -> None:
    for found in (asking("volcano eruption lava ash", LOANS), asking("volcano")):
        made = (await answer(found)).answer
        assert made.band is Band.NOTHING
        assert (made.sentences, made.citations, made.text) == ((), (), "")
    assert made.coverage == 0.0


async def test_the_bands_are_settable() -> None:
    strict = Policy(answer_coverage=1.0, closest_coverage=0.9, closest=1)
    made = (await answer(asking("loan weeks volcano", LOANS, policy=strict))).answer
    assert made.band is Band.NOTHING
    mild = Policy(answer_coverage=0.6)
    made = (await answer(asking("loan weeks volcano", LOANS, policy=mild))).answer
    assert made.band is Band.ANSWER


async def test_events_come_in_order_and_end_with_the_answer() -> None:
    events = [event async for event in stream(asking("When does the pool open at noon?", POOLS))]
    assert events[0] == PassagesFound(1)
    sentences = [event for event in events if isinstance(event, SentenceReady)]
    last = events[-1]
    assert isinstance(last, Answered)
    assert tuple(event.sentence for event in sentences) == last.answer.sentences
    assert tuple(c for event in sentences for c in event.new_citations) == last.answer.citations


async def test_how_an_answer_came_to_be_is_told() -> None:
    answered = await answer(asking("What is it that a loan lasts?", LOANS, POOLS))
    assert [(e.document_id, e.used) for e in answered.explained] == [
        ("doc_1", True),
        ("doc_3", False),
    ]
    assert answered.explained[0].fused >= answered.explained[1].fused
    assert {"score", "fuse", "compose"} <= answered.stages_ms.keys()
    assert dict(answered.found.terms).keys() == {"loan", "lasts"}


async def test_a_source_that_changed_is_not_quoted() -> None:
    async def changed(of: Candidate, start: int, end: int) -> bytes:
        return of.passage.text.replace("three", "five").encode()[: end - start]

    made = (await answer(asking("loan lasts three weeks", LOANS, reader=changed))).answer
    assert made.band is Band.CLOSEST
    assert made.sentences == ()
    assert made.dropped_citations > 0
    assert all("three" not in citation.quote for citation in made.citations)


@dataclass
class Talker:
    """A composer that adds what the sources do not say, as a language model may."""

    name: str = "talker"

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        quote = "A loan lasts three weeks."
        start = material.ranked[0].candidate.passage.text.index(quote)
        good = Support(index=0, start=start, end=start + len(quote), quote=quote)
        yield Claim(text="Loans last for three weeks.", supports=(good,))
        yield Claim(text="See https://evil.example for more.", supports=())
        yield Claim(text="Loans last for three weeks.", supports=(good,))


async def test_a_free_composer_is_held_to_the_sources_too() -> None:
    composer: Composer = Talker()
    made = (await answer(asking("loan weeks", LOANS, composing=Composing(composer)))).answer
    assert [s.text for s in made.sentences] == ["Loans last for three weeks.", "See for more."]
    assert [s.supported for s in made.sentences] == [True, False]
    assert made.composer == "talker"


async def test_several_spaces_answer_together() -> None:
    question = "The pool opens when, and a loan lasts what?"
    spaces = [searched(question, LOANS), searched(question, POOLS)]
    answered = await answer(asking(question, found=spaces))
    assert {c.document_id for c in answered.answer.citations} == {"doc_1", "doc_3"}
    assert answered.found.passages_searched == 2


WORDS = st.sampled_from(["loan", "weeks", "pool", "noon", "card", "free", "the", "is", "12"])
TEXTS = st.lists(WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words).capitalize())


@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=4).map(". ".join), max_size=5),
    st.lists(WORDS, max_size=6).map(" ".join),
)
async def test_every_sentence_is_verbatim_and_cited_and_none_comes_twice(
    texts: list[str], question: str
) -> None:
    passages = [passage(text, document_id=f"doc_{n}") for n, text in enumerate(texts)]
    made = (await answer(asking(question, *passages))).answer
    sentences = [sentence.text for sentence in made.sentences]
    assert len(sentences) == len(set(sentences)) <= 4
    assert all(any(sentence in text for text in texts) for sentence in sentences)
    assert all(sentence.citations and sentence.supported for sentence in made.sentences)
    used = [number for sentence in made.sentences for number in sentence.citations]
    if made.band is Band.ANSWER:
        assert list(dict.fromkeys(used)) == [citation.number for citation in made.citations]
    assert (made.band is Band.ANSWER) == bool(sentences)


async def test_found_nothing_means_no_candidates_are_needed() -> None:
    empty = Found(terms=(), candidates=(), passages_searched=0)
    made = (await answer(asking("anything", found=[empty, empty]))).answer
    assert made.band is Band.NOTHING
