"""How keys are asked for: seldom, once at a time, and never so that an outage locks all out."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from app.adapters.oidc.fetching import MOST_BYTES, Place
from app.adapters.oidc.source import KeySource, Timing
from app.core.errors import UnavailableError
from tests.app.adapters.oidc.publisher import DISCOVERY, KEYS, Answer, Publisher
from tests.app.adapters.oidc.signer import Signer, published, rsa_key

ONCE = [DISCOVERY, KEYS]
NEWER = {"keys": [published(rsa_key("newer"), "rsa-2")]}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def source(publisher: Publisher, signer: Signer, clock: Clock) -> AsyncIterator[KeySource]:
    async with httpx2.AsyncClient() as client:
        place = Place(discovery=publisher.url + DISCOVERY, issuer=signer.issuer, loopback=True)
        timing = Timing(fresh=300, most=3600, pause=10)
        source = KeySource(client, place, timing, clock)
        yield source
        await source.aclose()


async def landed(source: KeySource) -> None:
    """Wait for the renewal in the background, which there must be."""
    assert source._flight is not None
    await asyncio.wait([source._flight])


async def test_keys_are_read_once_however_many_wait(
    source: KeySource, publisher: Publisher
) -> None:
    publisher.answering.clear()
    waiting = [asyncio.create_task(source.current()) for _ in range(50)]
    await asyncio.sleep(0.05)
    publisher.answering.set()
    found = await asyncio.gather(*waiting)
    assert all(keys is found[0] for keys in found)
    assert publisher.asked == ONCE


async def test_a_caller_that_goes_away_takes_no_one_along(
    source: KeySource, publisher: Publisher
) -> None:
    publisher.answering.clear()
    leaving, staying = (asyncio.create_task(source.current()) for _ in range(2))
    await asyncio.sleep(0.05)
    leaving.cancel()
    publisher.answering.set()
    assert set(await staying) == {"rsa-1", "ec-1"}
    assert leaving.cancelled()
    assert publisher.asked == ONCE


async def test_fresh_keys_are_not_asked_for_again(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    first = await source.current()
    clock.now += 299
    assert source.ready() is first
    assert await source.holding("rsa-1") is first
    assert publisher.asked == ONCE


async def test_old_keys_serve_while_new_ones_are_read(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    first = await source.current()
    publisher.publish(NEWER)
    clock.now += 300
    assert await source.current() is first
    await landed(source)
    assert set(await source.current()) == {"rsa-2"}
    assert publisher.asked == ONCE * 2


async def test_an_unchanged_document_leaves_the_keys_as_they_are(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    first = await source.current()
    clock.now += 300
    source.ready()
    await landed(source)
    assert source.ready() is first
    assert publisher.asked == ONCE * 2


async def test_after_a_long_idle_time_a_dropped_key_serves_no_one(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    await source.current()
    publisher.publish(NEWER)
    clock.now += 600
    assert set(await source.holding("rsa-1")) == {"rsa-2"}


async def test_a_key_published_just_now_is_found_at_once(
    source: KeySource, publisher: Publisher
) -> None:
    await source.current()
    publisher.publish(NEWER)
    assert "rsa-2" in await source.holding("rsa-2")


async def test_unknown_key_ids_cause_one_attempt_in_a_pause(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    await source.current()
    await asyncio.gather(*(source.holding(f"random-{n}") for n in range(50)))
    await source.holding("another")
    assert publisher.asked == ONCE * 2
    clock.now += 10
    await source.holding("yet-another")
    assert publisher.asked == ONCE * 3


async def test_all_who_bring_a_brand_new_key_wait_for_the_one_attempt(
    source: KeySource, publisher: Publisher
) -> None:
    await source.current()
    publisher.publish(NEWER)
    publisher.answering.clear()
    waiting = [asyncio.create_task(source.holding("rsa-2")) for _ in range(20)]
    await asyncio.sleep(0.05)
    publisher.answering.set()
    assert all("rsa-2" in keys for keys in await asyncio.gather(*waiting))
    assert publisher.asked == ONCE * 2


async def test_through_an_outage_the_last_good_keys_serve_and_no_one_waits(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    first = await source.current()
    publisher.pages.clear()
    clock.now += 700
    assert await source.current() is first  # waited for one attempt: nobody knew yet
    publisher.answering.clear()
    for _ in range(5):
        clock.now += 100
        assert source.ready() is first
    publisher.answering.set()
    await landed(source)
    publisher.publish(NEWER)
    clock.now += 10
    source.ready()
    await landed(source)
    assert set(await source.current()) == {"rsa-2"}


async def test_in_an_outage_attempts_are_a_pause_apart(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    publisher.pages.clear()
    for _ in range(20):
        with pytest.raises(UnavailableError):
            await source.current()
    assert publisher.asked == [DISCOVERY]
    clock.now += 10
    with pytest.raises(UnavailableError):
        await source.current()
    assert publisher.asked == [DISCOVERY] * 2


async def test_keys_too_old_serve_no_one(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    await source.current()
    publisher.pages.clear()
    clock.now += 3600
    with pytest.raises(UnavailableError):
        await source.current()


async def test_an_issuer_that_hangs_is_not_waited_for(
    publisher: Publisher, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.answering.clear()
    async with httpx2.AsyncClient() as client:
        place = Place(discovery=publisher.url + DISCOVERY, issuer=signer.issuer, loopback=True)
        source = KeySource(client, place, Timing(patience=0.05))
        with pytest.raises(UnavailableError):
            await source.current()
    assert "TimeoutError" in caplog.text


async def test_closing_gives_up_what_is_under_way(source: KeySource, publisher: Publisher) -> None:
    publisher.answering.clear()
    waiting = asyncio.create_task(source.current())
    await asyncio.sleep(0.05)
    await source.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


Spoil = Callable[[Publisher], None]


def at(path: str, answer: Answer) -> Spoil:
    return lambda publisher: publisher.pages.update({path: answer})


def discovery(**document: object) -> Spoil:
    def spoil(publisher: Publisher) -> None:
        found = {"issuer": publisher.url, "jwks_uri": publisher.url + KEYS, **document}
        publisher.pages[DISCOVERY] = Answer(json.dumps(found).encode())

    return spoil


SPOILED: dict[str, tuple[Spoil, str]] = {
    "another issuer": (discovery(issuer="https://evil.example"), "speaks for"),
    "a slash more": (lambda p: discovery(issuer=p.url + "/")(p), "speaks for"),
    "keys over http": (discovery(jwks_uri="http://login.example/keys"), "not an https address"),
    "keys in a file": (discovery(jwks_uri="file:///etc/passwd"), "not an https address"),
    "no address of keys": (discovery(jwks_uri=None), "address is missing"),
    "redirect": (
        at(KEYS, Answer(b"", 302, ("location: http://127.0.0.1:1/",))),
        "answered 302",
    ),
    "too large": (at(KEYS, Answer(b" " * (MOST_BYTES + 1))), "more than"),
    "compressed": (at(KEYS, Answer(b"", 200, ("content-encoding: gzip",))), "compressed"),
    "no JSON": (at(KEYS, Answer(b"<html>")), "JSONDecodeError"),
    "nested without end": (at(KEYS, Answer(b"[" * 100_000)), "RecursionError"),
    "a list": (at(KEYS, Answer(b"[]")), "did not answer with an object"),
    "no set": (at(KEYS, Answer(b"{}")), "not a set of keys"),
    "cut off": (at(KEYS, Answer(b"{}", 200, ("content-length: 99",))), "ProtocolError"),
}


@pytest.mark.parametrize("case", SPOILED.values(), ids=SPOILED)
async def test_a_spoiled_answer_is_told_to_the_log_and_the_last_good_keys_stay(
    source: KeySource,
    publisher: Publisher,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    case: tuple[Spoil, str],
) -> None:
    first = await source.current()
    spoil, reason = case
    spoil(publisher)
    clock.now += 700
    with caplog.at_level(logging.WARNING, "eva.oidc"):
        assert await source.current() is first
    assert reason in caplog.text
    assert set(publisher.asked) == set(ONCE)
