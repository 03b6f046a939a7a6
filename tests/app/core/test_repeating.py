"""What is done now and then goes on, whatever went wrong at one of its turns."""

import asyncio

import pytest

from app.core.errors import UnavailableError
from app.core.repeating import repeat


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (UnavailableError(dependency="blobs"), "tidying: not now (unavailable)"),
        (KeyError("odd"), "tidying: failed"),
    ],
)
async def test_a_turn_that_fails_is_told_and_the_next_one_comes(
    trouble: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    turns: list[int] = []
    third = asyncio.Event()

    async def turn() -> None:
        turns.append(len(turns))
        if len(turns) == 3:
            third.set()
        raise trouble

    running = asyncio.create_task(repeat("tidying", turn, 0))
    await asyncio.wait_for(third.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert told in caplog.text
    assert running.cancelled()
