"""Answers when a composer that costs tokens, and can fail, writes them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from app.core.answering import (
    Answered,
    Asking,
    Composing,
    ExtractiveComposer,
    Reader,
    answer,
)
from app.core.errors import NotFoundError, UnavailableError
from app.core.models import Band, Usage
from app.core.ports import (
    Candidate,
    Claim,
    Composer,
    ComposingFailedError,
    Material,
    Spent,
    Support,
)
from tests.app.core.passages import PlainAnalyzer, passage, searched

QUESTION = "What is it that a loan lasts?"
LOANS = passage("A loan lasts three weeks. It can be renewed twice.")
QUOTE = "A loan lasts three weeks."
CLAIM = Claim(
    text="Loans last three weeks.", supports=(Support(index=0, start=0, end=25, quote=QUOTE),)
)
DOWN = UnavailableError(dependency="model", retry_after=1)


@dataclass(frozen=True)
class Failing:
    """Says something, then fails, if it is told to."""

    said: Sequence[Claim | Spent] = ()
    failure: Exception | None = None
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        assert material.question == QUESTION
        for one in self.said:
            yield one
        if self.failure is not None:
            raise self.failure


async def stored(of: Candidate, start: int, end: int) -> bytes:
    return of.passage.text.encode()[: end - start]


async def answered(
    composer: Composer, *, fallback: bool = True, reader: Reader = stored
) -> Answered:
    extractive = ExtractiveComposer(PlainAnalyzer())
    return await answer(
        Asking(
            question=QUESTION,
            found=[searched(QUESTION, LOANS)],
            composing=Composing(composer, extractive if fallback else None),
            reader=reader,
        )
    )


async def test_what_a_model_says_at_last_that_it_read_and_wrote_is_the_answers_usage() -> None:
    estimated = Spent(prompt_tokens=90, completion_tokens=5, estimated=True)
    spent = Spent(prompt_tokens=100, completion_tokens=7)
    made = (await answered(Failing([estimated, CLAIM, spent]))).answer
    assert made.usage == Usage(prompt_tokens=100, completion_tokens=7, passages=1)
    assert (made.composer, made.degraded) == ("model", False)
    assert made.sentences[0].text == "Loans last three weeks."
    assert made.citations[0].quote == QUOTE


@pytest.mark.parametrize("failure", [DOWN, ComposingFailedError("content-filter")])
async def test_without_a_model_the_answer_is_the_sources_own_sentences_and_says_so(
    failure: Exception,
) -> None:
    made = (await answered(Failing([], failure))).answer
    assert (made.band, made.composer, made.degraded) == (Band.ANSWER, "extractive", True)
    assert made.sentences[0].text == QUOTE


async def test_an_answer_that_was_searched_by_words_alone_says_so_whoever_wrote_it() -> None:
    found = replace(searched(QUESTION, LOANS), words_alone=True)
    told = await answer(
        Asking(
            question=QUESTION,
            found=[found],
            composing=Composing(Failing([CLAIM])),
            reader=stored,
        )
    )
    assert (told.answer.composer, told.answer.degraded) == ("model", True)
    assert told.found.words_alone


async def test_what_was_said_before_a_failure_stands_alone_and_says_so() -> None:
    made = (await answered(Failing([CLAIM], DOWN))).answer
    assert [sentence.text for sentence in made.sentences] == ["Loans last three weeks."]
    assert (made.composer, made.degraded) == ("model", True)


async def test_tokens_of_an_attempt_that_failed_are_counted_too() -> None:
    spent = Spent(prompt_tokens=100, completion_tokens=0)
    made = (await answered(Failing([spent], ComposingFailedError("length")))).answer
    assert (made.usage.prompt_tokens, made.composer) == (100, "extractive")


async def test_without_a_fallback_a_failure_is_the_callers() -> None:
    with pytest.raises(UnavailableError) as caught:
        await answered(Failing([], DOWN), fallback=False)
    assert caught.value is DOWN


async def test_what_no_model_can_cause_is_not_hidden_by_a_fallback() -> None:
    with pytest.raises(NotFoundError, match="not-found"):
        await answered(Failing([], NotFoundError()))


@dataclass
class Shelf:
    """Texts that note each reading, and what ends before it has read; the first may fail."""

    failure: Exception | None = None
    endless: bool = False
    reads: int = 0
    left: int = 0
    read: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, of: Candidate, start: int, end: int) -> bytes:
        self.reads += 1
        self.read.set()
        if self.reads == 1 and self.failure is not None:
            raise self.failure
        if self.reads == 1 and self.endless:
            try:
                await asyncio.Event().wait()
            finally:
                self.left += 1
        return await stored(of, start, end)


@dataclass
class Patient:
    """Says what it has to say once a passage was read."""

    shelf: Shelf
    name: str = "model"

    async def compose(self, material: Material) -> AsyncIterator[Claim | Spent]:
        assert material.question == QUESTION
        await self.shelf.read.wait()
        yield CLAIM


@pytest.mark.parametrize("failure", [None, DOWN, NotFoundError(id="doc_1")])
async def test_the_best_passage_is_read_while_a_model_writes_and_again_to_check(
    failure: Exception | None,
) -> None:
    shelf = Shelf(failure)
    made = (await answered(Patient(shelf), reader=shelf.take)).answer
    assert [sentence.supported for sentence in made.sentences] == [True]
    assert shelf.reads == 2


async def test_what_is_still_being_read_ends_with_the_answer() -> None:
    shelf = Shelf(endless=True)
    made = (await answered(Patient(shelf), reader=shelf.take)).answer
    assert made.band is Band.ANSWER
    assert (shelf.reads, shelf.left) == (2, 1)


async def test_what_takes_no_time_to_write_is_only_checked() -> None:
    shelf = Shelf()
    await answered(ExtractiveComposer(PlainAnalyzer()), reader=shelf.take)
    assert shelf.reads == 1
