import asyncio

from app.core import deadlines


def test_outside_of_a_request_there_is_no_deadline() -> None:
    assert deadlines.remaining() is None


def test_a_later_deadline_does_not_lengthen_an_earlier_one() -> None:
    with deadlines.within(1), deadlines.within(60):
        left = deadlines.remaining()
    assert left is not None
    assert left <= 1


def test_a_shorter_deadline_ends_with_its_context() -> None:
    with deadlines.within(60):
        with deadlines.within(0):
            assert deadlines.remaining() == 0
        left = deadlines.remaining()
    assert left is not None
    assert 30 < left <= 60


async def test_work_that_outlives_its_request_has_no_deadline_of_it() -> None:
    async def left() -> float | None:
        return deadlines.remaining()

    with deadlines.within(60):
        bound = asyncio.create_task(left())
        freed = asyncio.create_task(left(), context=deadlines.unbounded())
        assert await bound is not None
        assert await freed is None
