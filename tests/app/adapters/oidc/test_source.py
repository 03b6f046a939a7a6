"""How keys are asked for: seldom, once at a time, and never so that an outage locks all out."""

import asyncio

import httpx2
import pytest

from app.adapters.oidc.fetching import Place
from app.adapters.oidc.source import KeySource, Timing
from app.core.errors import UnavailableError
from tests.app.adapters.oidc.publisher import DISCOVERY, KEYS, Publisher
from tests.app.adapters.oidc.signer import Signer, published, rsa_key
from tests.clock import Clock

ONCE = [DISCOVERY, KEYS]
NEWER = {"keys": [published(rsa_key("newer"), "rsa-2")]}


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


async def test_in_the_background_too_attempts_are_a_pause_apart(
    source: KeySource, publisher: Publisher, clock: Clock
) -> None:
    first = await source.current()
    publisher.pages.clear()
    clock.now += 700
    await source.current()
    clock.now += 9.9
    assert source.ready() is first
    assert source._flight is None
    clock.now += 0.1
    assert source.ready() is first
    await landed(source)
    assert publisher.asked == [*ONCE, DISCOVERY, DISCOVERY]


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
