import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from app.settings import Settings
from app.web.shedding import Pressure, Room, Shedding
from tests.app.web import house as opening
from tests.app.web.house import API, problem

ROOM = Room(tolerated_s=0.03, few=48, most=1000)
BEATS_A_SECOND = 50


def pressed(room: Room, by_s: float, active: int, *, beats: int) -> Pressure:
    """Return the pressure after so many beats with the loop so late."""
    pressure = Pressure(room)
    for _ in range(beats):
        pressure.late(by_s, active)
    return pressure


@given(late=st.lists(st.floats(min_value=0, max_value=0.03), max_size=200))
def test_all_the_room_is_there_while_the_loop_is_on_time(late: list[float]) -> None:
    pressure = Pressure(ROOM)
    for by in late:
        pressure.late(by, 900)
    assert not pressure.refuses(999, dear=True)
    assert pressure.refuses(1000, dear=False)


@given(by=st.floats(min_value=0, max_value=60), every=st.integers(min_value=25, max_value=500))
def test_fits_that_come_now_and_then_are_forgiven(by: float, every: int) -> None:
    pressure = Pressure(ROOM)
    for beat in range(2000):
        pressure.late(by if beat % every == 0 else 0.0, 400)
    assert pressure.calm


def test_lateness_that_lasts_is_not_forgiven() -> None:
    pressure = pressed(ROOM, 2.0, 400, beats=10)
    assert not pressure.refuses(400, dear=True)
    pressure = pressed(ROOM, 2.0, 400, beats=BEATS_A_SECOND)
    assert not pressure.refuses(47, dear=True), "a few are let in, to see whether it is over"
    assert pressure.refuses(48, dear=True)
    for _ in range(10 * BEATS_A_SECOND):
        pressure.late(0.0, 5)
    assert pressure.calm


def test_dear_requests_go_before_reads_do() -> None:
    pressure = pressed(ROOM, 2.0, 100, beats=27)
    assert pressure.refuses(95, dear=True)
    assert not pressure.refuses(95, dear=False)
    assert pressure.refuses(150, dear=False)


def test_any_lateness_is_borne_where_none_is_too_much() -> None:
    pressure = pressed(Room(tolerated_s=0.0, most=100), 2.0, 90, beats=BEATS_A_SECOND)
    assert not pressure.refuses(99, dear=True)


class Crowded:
    """A process with one hand: what is under way waits its turn, twice as much comes as is done."""

    work_s, beat_s = 0.006, 0.02

    def __init__(self, room: Room) -> None:
        self.pressure, self.waits = Pressure(room), list[float]()
        self.queue, self.taken, self.refused = 0.0, 0, 0

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds / self.beat_s)):
            for _ in range(round(2 * self.beat_s / self.work_s)):
                if self.pressure.refuses(int(self.queue), dear=True):
                    self.refused += 1
                else:
                    self.taken += 1
                    self.queue += 1
                    self.waits.append(self.queue * self.work_s)
            self.queue = max(0.0, self.queue - self.beat_s / self.work_s)
            self.pressure.late(self.queue * self.work_s, int(self.queue))


def test_twice_the_load_is_halved_and_the_half_that_is_taken_waits_little() -> None:
    crowd = Crowded(Room())
    crowd.run(30.0)
    share = crowd.taken / (crowd.taken + crowd.refused)
    assert 0.35 < share < 0.6, "what is free is given away"
    waits = sorted(crowd.waits)
    assert waits[len(waits) // 2] < 0.05
    assert waits[int(0.95 * len(waits))] < 0.15


@given(
    late=st.lists(
        st.tuples(st.floats(min_value=0, max_value=5), st.integers(0, 5000)), max_size=100
    )
)
def test_there_is_always_room_for_a_few_and_never_for_more_than_may_be(
    late: list[tuple[float, int]],
) -> None:
    pressure = Pressure(ROOM)
    for by, active in late:
        pressure.late(by, active)
        assert not pressure.refuses(47, dear=True)
        assert pressure.refuses(1000, dear=False)


class Held:
    """An application whose requests last until they are let go."""

    def __init__(self, size: int) -> None:
        self.size, self.active = size, 0
        self.go, self.full = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if not scope["path"].startswith(("/livez", "/quick")):
            self.active += 1
            if self.active == self.size:
                self.full.set()
            await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


@contextlib.asynccontextmanager
async def crowd(held: Held, room: Room) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application that already has so many requests under way."""
    transport = httpx2.ASGITransport(app=Shedding(held, room))
    async with httpx2.AsyncClient(transport=transport, base_url="http://eva") as client:
        waiting = [asyncio.create_task(client.get("/slow")) for _ in range(held.size)]
        await held.full.wait()
        yield client
        held.go.set()
        assert {one.status_code for one in await asyncio.gather(*waiting)} == {200}


async def test_more_requests_than_there_is_room_for_are_turned_away() -> None:
    async with crowd(Held(20), Room(tolerated_s=0, most=20)) as client:
        refused = await client.get("/quick")
        assert (await client.get("/livez")).status_code == 200, "whoever asks how it is, hears"
    assert refused.status_code == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 4
    assert refused.json()["code"] == "overloaded"


async def test_a_loop_that_stays_behind_turns_dear_requests_away_until_it_is_on_time() -> None:
    async with crowd(Held(60), Room(tolerated_s=0.03, few=48)) as client:
        statuses = []
        for _ in range(30):
            time.sleep(0.15)  # noqa: ASYNC251 - the loop is to be late
            await asyncio.sleep(0.001)
            statuses.append((await client.post("/quick")).status_code)
            assert (await client.get("/livez")).status_code == 200
        assert statuses[0] == 200
        assert statuses[-3:] == [503] * 3
        async with asyncio.timeout(60):  # on time again: there is more and more room
            while True:
                await asyncio.sleep(0.02)
                if (await client.post("/quick")).status_code == 200:
                    break


async def test_few_requests_are_never_turned_away_however_late_the_loop_is() -> None:
    async with crowd(Held(40), Room(tolerated_s=0.001, few=48)) as client:
        for _ in range(20):
            time.sleep(0.06)  # noqa: ASYNC251 - the loop is to be late
            await asyncio.sleep(0.001)
            assert (await client.post("/quick")).status_code == 200


async def test_what_is_turned_away_is_a_problem_like_any_other(tmp_path: Path) -> None:
    env = {"EVA_DATA_DIR": str(tmp_path), "EVA_WORKER": "off", "EVA_MAX_REQUESTS": "1"}
    async with opening.opened(Settings.load(env)) as house:
        client = await house.client()
        under_way, go = asyncio.Event(), asyncio.Event()

        async def held() -> AsyncIterator[bytes]:
            under_way.set()
            await go.wait()
            yield b'{"name": "x"}'

        json = {"Content-Type": "application/json"}
        making = asyncio.create_task(client.post(f"{API}/spaces", content=held(), headers=json))
        await under_way.wait()
        refused = await client.get(f"{API}/spaces")
        problem(refused, 503, "overloaded")
        assert refused.headers["retry-after"]
        assert (await client.get("/readyz")).status_code == 200
        go.set()
        assert (await making).status_code == 201
