"""The pace of a body, by a clock of its own."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from starlette.types import Message

from app.web import body
from app.web.body import BodyRules, Intake
from app.web.errors import SlowRequestError
from tests.clock import Clock


@pytest.mark.parametrize(("every_s", "read"), [(900, 100), (1100, 14)])
async def test_a_slow_body_is_read_for_as_long_as_it_keeps_its_pace(
    monkeypatch: pytest.MonkeyPatch, every_s: int, read: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(body, "time", SimpleNamespace(monotonic=clock))

    async def receive() -> Message:
        clock.now += every_s
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    rules = BodyRules(limit_bytes=10**6, pause_s=1400, bytes_a_second=1)
    intake = Intake({"type": "http", "headers": []}, receive, rules)
    came = 0
    with suppress(SlowRequestError):
        while came < 100:
            await intake.receive()
            came += 1
    assert came == read
