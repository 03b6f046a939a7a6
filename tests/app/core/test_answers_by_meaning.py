"""Passages that share no word with a question but are near by meaning, as in another language."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.core.answering import Answered, Asking, Composing, ExtractiveComposer, answer
from app.core.errors import UnavailableError
from app.core.models import Band
from app.core.ports import Candidate, Claim, Composer, Found, Material, Support
from tests.app.core.passages import PlainAnalyzer, candidate, passage

QUESTION = "Combien de temps dure un prêt ?"
QUOTE = "A loan lasts three weeks."


@dataclass(frozen=True)
class Model:
    """Reads one sentence out of the first passage, or finds no answer there, or is down."""

    answers: bool = True
    down: bool = False
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim]:
        assert not material.by_words
        if self.down:
            raise UnavailableError(dependency="model", retry_after=1)
        if self.answers:
            support = Support(index=0, start=0, end=len(QUOTE), quote=QUOTE)
            yield Claim(text="Un prêt dure trois semaines.", supports=(support,))


async def stored(of: Candidate, start: int, end: int) -> bytes:
    return of.passage.text.encode()[: end - start]


async def answered(composer: Composer, *, similarity: float, near: float | None = 0.3) -> Answered:
    found = Found(
        terms=(("temps", 1.0), ("dure", 1.0), ("prêt", 1.0)),
        candidates=(
            candidate(
                passage(f"{QUOTE} It can be renewed twice."),
                lexical=0.0,
                similarity=similarity,
                matched=(),
            ),
        ),
        passages_searched=1,
        near=near,
    )
    fallback = ExtractiveComposer(PlainAnalyzer())
    return await answer(
        Asking(
            question=QUESTION,
            found=[found],
            composing=Composing(composer, fallback),
            reader=stored,
        )
    )


async def test_a_model_answers_in_the_questions_language_from_a_source_in_another() -> None:
    made = (await answered(Model(), similarity=0.5)).answer
    assert (made.band, made.language, made.coverage) == (Band.ANSWER, "fr", 0.0)
    assert [sentence.text for sentence in made.sentences] == ["Un prêt dure trois semaines."]
    assert [citation.quote for citation in made.citations] == [QUOTE]


@pytest.mark.parametrize(
    ("composer", "degraded"),
    [
        (Model(answers=False), False),
        (Model(down=True), True),
        (ExtractiveComposer(PlainAnalyzer()), False),
    ],
    ids=["a model that finds no answer", "a model that is down", "no model"],
)
async def test_what_is_near_is_shown_as_closest_where_nobody_reads_an_answer_out_of_it(
    composer: Composer, *, degraded: bool
) -> None:
    made = (await answered(composer, similarity=0.5)).answer
    assert (made.band, made.sentences, made.degraded) == (Band.CLOSEST, (), degraded)
    assert [citation.quote[: len(QUOTE)] for citation in made.citations] == [QUOTE]


@pytest.mark.parametrize(("similarity", "near"), [(0.29, 0.3), (0.9, None)])
async def test_what_is_not_near_by_meaning_is_not_found_without_words(
    similarity: float, near: float | None
) -> None:
    made = (await answered(Model(), similarity=similarity, near=near)).answer
    assert (made.band, made.citations) == (Band.NOTHING, ())
