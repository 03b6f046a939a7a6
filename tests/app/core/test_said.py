"""What is kept of the passages that answers were made from."""

import asyncio

import pytest

from app.adapters.embedded.index import SnowballAnalyzer
from app.core import said
from app.core.said import Sayings


class Counting(SnowballAnalyzer):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def terms(self, text: str) -> list[str]:
        self.asked.append(text)
        return super().terms(text)


async def test_a_passage_is_cut_into_sentences_with_their_places_and_terms() -> None:
    text = "# Leave\n\nLeave is 25 days. Ask early."
    found = Sayings(SnowballAnalyzer()).of(text)
    assert [text[one.start : one.end] for one in found] == ["Leave is 25 days.", "Ask early."]
    assert found[0].terms == {"leav", "25", "day"}


async def test_a_passage_that_is_found_again_is_not_cut_again() -> None:
    analyzer = Counting()
    sayings = Sayings(analyzer)
    assert sayings.of("One thing.") is sayings.of("One thing.")
    assert analyzer.asked == ["One thing."]


async def test_what_was_kept_is_forgotten_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "_KEPT_S", 0.01)
    sayings = Sayings(SnowballAnalyzer())
    sayings.of("A secret of a document that is deleted.")
    await asyncio.sleep(0.05)
    assert sayings._kept == {}


async def test_no_more_passages_are_kept_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(said, "_MOST", 3)
    sayings = Sayings(SnowballAnalyzer())
    for n in range(10):
        sayings.of(f"Thing number {n}.")
    assert len(sayings._kept) == 1
