"""Calls of dependencies that no port stands for are counted by how they ended."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from app.adapters.azure.vault import Vault
from app.adapters.oidc.fetching import Place
from app.adapters.oidc.source import KeySource, Timing
from app.adapters.quotas import SharedCounter
from app.adapters.telemetry.meters import Meters
from app.core import genai, metrics
from app.core.errors import UnavailableError
from app.core.ports import ComposingFailedError
from app.core.quotas import OnLoss, Take


@pytest.fixture
def meters() -> Iterator[Meters]:
    """What was told since the test began."""
    held = Meters()
    metrics.opened(held)
    yield held
    metrics.closed(held)


def calls(meters: Meters) -> dict[tuple[str, str], float]:
    """How many calls of which dependency ended how."""
    counted = [
        (dict(point.labels), point.value)
        for point in meters.taken()
        if point.name == "eva.dependency.calls"
    ]
    return {
        (labels["dependency"], labels["outcome"]): value
        for labels, value in counted
        if isinstance(value, float)
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnavailableError(dependency="openai", outcome="throttled"), "throttled"),
        (UnavailableError(dependency="openai"), "error"),
        (TimeoutError(), "timeout"),
        (OSError(), "error"),
    ],
)
def test_a_call_is_told_of_by_how_it_ended(meters: Meters, error: Exception, outcome: str) -> None:
    with pytest.raises(type(error)), metrics.calling("openai"):
        raise error
    with metrics.calling("openai"):
        pass
    assert calls(meters) == {("openai", outcome): 1, ("openai", "ok"): 1}


def test_what_happens_often_is_told_together_once_somebody_looks(meters: Meters) -> None:
    told: list[tuple[str, list[float]]] = []
    timings = metrics.Timings[str](lambda what, seconds: told.append((what, list(seconds))))
    for what, seconds in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        timings.add(what, seconds)
    assert told == []
    meters.taken()
    assert told == [("a", [1.0, 3.0]), ("b", [2.0])]
    meters.taken()
    assert len(told) == 2, "what was told of is not told again"


def test_no_more_is_held_than_there_is_room_for(
    meters: Meters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_MOST_HELD", 3)
    told: list[int] = []
    timings = metrics.Timings[str](lambda _, seconds: told.append(len(seconds)))
    for _ in range(7):
        timings.add("a", 1.0)
    assert told == [3, 3]
    meters.taken()
    assert told == [3, 3, 1]


def test_nothing_is_held_for_nobody() -> None:
    told: list[str] = []
    timings = metrics.Timings[str](lambda what, _: told.append(what))
    timings.add("a", 1.0)
    metrics.settle()
    assert told == []


def test_a_model_that_declines_has_done_its_work(meters: Meters) -> None:
    with pytest.raises(ComposingFailedError), metrics.calling("openai"):
        raise ComposingFailedError("content-filter")
    assert calls(meters) == {("openai", "ok"): 1}


async def test_a_call_that_its_caller_gave_up_proves_nothing(meters: Meters) -> None:
    with pytest.raises(asyncio.CancelledError), metrics.calling("redis"):
        raise asyncio.CancelledError
    assert calls(meters) == {}


def test_a_model_that_is_called_is_told_of(meters: Meters) -> None:
    with pytest.raises(TimeoutError), genai.calling("chat", "small", provider="openai"):
        raise TimeoutError
    assert calls(meters)["openai", "timeout"] == 1


class Lost:
    """A counter that can't be reached."""

    async def take(self, *_: Take) -> float:
        raise ConnectionRefusedError

    async def left(self, _: Take) -> tuple[int, float]:
        return 1, 1.0


async def test_a_lost_redis_is_told_of_and_so_are_calls_that_are_not_made(meters: Meters) -> None:
    class Here(Lost):
        async def take(self, *_: Take) -> float:
            return 0.0

    counter = SharedCounter(Lost(), Here())
    for _ in range(5):
        await counter.take(Take("ten_a", 10, 1, OnLoss.OPEN))
    assert calls(meters) == {("redis", "error"): 3, ("redis", "rejected"): 2}


async def test_an_issuer_that_is_out_of_reach_is_told_of(meters: Meters) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(500))
    async with httpx2.AsyncClient(transport=transport) as client:
        place = Place(discovery="https://a.example/x", issuer="https://a.example", loopback=False)
        source = KeySource(client, place, Timing())
        with pytest.raises(UnavailableError):
            await source.current()
        await source.aclose()
    assert calls(meters) == {("oidc", "error"): 1}


async def test_a_secret_that_expires_is_told_of(meters: Meters) -> None:
    class Client:
        """A vault's client that knows one secret for each name."""

        async def get_secret(self, name: str) -> Any:
            days = {"soon": 10, "late": 90}.get(name)
            ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
            return SimpleNamespace(value="x", properties=SimpleNamespace(expires_on=ends))

    vault = Vault(Client())  # type: ignore[arg-type]
    for name in ("late", "soon", "never"):
        await vault.read(name)
    assert calls(meters) == {("keyvault", "ok"): 3}
    [left] = [p.value for p in meters.taken() if p.name == "eva.credentials.expires_in"]
    assert left == pytest.approx(10 * 86400, abs=60)
