"""What a model reads and writes for an answer is counted, whatever becomes of the answer."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import queries
from app.core.errors import UnavailableError
from tests.app.core.desk import Desk, stopped, turned_away


async def spent(desk: Desk) -> tuple[int, int]:
    """Return the tokens that were counted, read and written."""
    today = datetime.now(UTC)
    days = [f"{today + timedelta(days=by):%Y-%m-%d}" for by in (-1, 1)]
    rows = await desk.ports.meter.between(desk.principal.tenant_id, *days)
    return sum(row.prompt_tokens for row in rows), sum(row.completion_tokens for row in rows)


@pytest.mark.parametrize(("made", "written"), [(True, 2), (False, 0)])
async def test_what_was_spent_on_a_question_that_was_not_accepted_is_counted(
    desk: Desk, *, made: bool, written: int
) -> None:
    with pytest.raises(UnavailableError, match="records"):
        await turned_away(desk, made=made)
    await stopped()
    assert await spent(desk) == (7, written)


async def test_what_was_spent_on_an_answer_is_counted_once(desk: Desk) -> None:
    desk.model.may.set()
    await desk.wait(20)
    assert await spent(desk) == (7, 2)


async def test_what_was_spent_until_a_query_was_cancelled_is_counted(desk: Desk) -> None:
    with desk.live.beginning(desk.query.id):
        await desk.wait(0.05)
        await desk.model.began.wait()
        working = await desk.accept()
    await queries.cancel(desk.ports, desk.live, desk.principal, desk.query.id)
    desk.model.may.set()
    await working
    assert await spent(desk) == (7, 0)
