"""Pieces of texts are read once, and kept no longer and no more than was said."""

import asyncio
from dataclasses import dataclass, field

from app.adapters.azure.blobs.texts import KEPT_S, PIECE, Texts

TEXT = bytes(range(256)) * (3 * PIECE // 256) + b"the end"


@dataclass
class Stored:
    """A text in storage, and which pieces of it were asked for."""

    text: bytes = TEXT
    asked: list[int] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    async def read(self, start: int, end: int) -> bytes:
        self.asked.append(start // PIECE)
        found = self.text[start:end]
        await self.ready.wait()
        return found


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def test_slices_of_one_piece_cost_one_read() -> None:
    texts, stored = Texts(), Stored()
    for start in range(0, PIECE - 100, 1000):
        assert await texts.slice("a", start, start + 100, stored.read) == TEXT[start : start + 100]
    assert stored.asked == [0]


async def test_a_slice_across_pieces_is_put_together() -> None:
    texts, stored = Texts(), Stored()
    start, end = PIECE - 3, 2 * PIECE + 3
    assert await texts.slice("a", start, end, stored.read) == TEXT[start:end]
    assert await texts.slice("a", 3 * PIECE, 4 * PIECE, stored.read) == b"the end"
    assert stored.asked == [0, 1, 2, 3]


async def test_a_piece_is_read_again_after_its_time() -> None:
    clock, stored = Clock(), Stored()
    texts = Texts(clock=clock)
    await texts.slice("a", 0, 1, stored.read)
    clock.now = KEPT_S
    await texts.slice("a", 0, 1, stored.read)
    assert stored.asked == [0]
    clock.now = KEPT_S + 0.1
    stored.text = b"other"
    assert await texts.slice("a", 0, 9, stored.read) == b"other"
    assert stored.asked == [0, 0]


async def test_those_read_first_make_room() -> None:
    texts, stored = Texts(most_bytes=2 * PIECE), Stored()
    for number in (0, 1, 0, 2, 1, 0):
        await texts.slice("a", number * PIECE, number * PIECE + 1, stored.read)
    assert stored.asked == [0, 1, 2, 0]


async def test_what_is_old_leaves_memory_when_another_text_is_asked_for() -> None:
    clock, stored = Clock(), Stored()
    texts = Texts(clock=clock)
    await texts.slice("erased elsewhere", 0, 1, stored.read)
    clock.now = KEPT_S + 0.1
    await texts.slice("another", 0, 1, stored.read)
    assert [name for name, _ in texts._held] == ["another"]


async def test_what_was_being_read_while_it_was_erased_is_not_kept() -> None:
    texts, stored = Texts(), Stored()
    stored.ready.clear()
    reading = asyncio.create_task(texts.slice("space/a", 0, 1, stored.read))
    await asyncio.sleep(0)
    texts.forget("space/")
    stored.ready.set()
    assert await reading == TEXT[:1]
    await texts.slice("space/a", 0, 1, stored.read)
    assert stored.asked == [0, 0]


async def test_forgetting_a_space_leaves_the_others() -> None:
    texts, stored = Texts(), Stored()
    for name in ("one/a", "two/a"):
        await texts.slice(name, 0, 1, stored.read)
    texts.forget("one/")
    for name in ("one/a", "two/a"):
        await texts.slice(name, 0, 1, stored.read)
    assert stored.asked == [0, 0, 0]
