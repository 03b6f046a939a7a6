import asyncio
from typing import Any

import pytest

from app.core.models import Usage
from app.core.ports import Ports
from app.core.usage import Ledger
from tests.app.core.test_usage import TENANT, asked


async def test_answers_that_end_at_once_are_kept_by_few_commits(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, commit, commits = Ledger(ports.records), ports.records.commit, 0

    async def slow(*args: Any) -> Any:
        nonlocal commits
        commits += 1
        await asyncio.sleep(0)
        return await commit(*args)

    monkeypatch.setattr(ports.records, "commit", slow)
    used = Usage(prompt_tokens=1)
    await asyncio.gather(*(book.answer(asked(), used) for _ in range(50)))
    assert commits == 2, "the first answer's, and one for all that came meanwhile"
    kept = await book.between(TENANT, "2000-01-01", "2999-12-31")
    assert sum(one.prompt_tokens for one in kept) == 50
