"""Keys while they are used: replaced, rotated, and held to what their tier allows."""

import asyncio
import contextlib
import operator
import time
from collections.abc import AsyncIterator

import httpx2

from tests.e2e.steps import new_key, new_space, refused
from tests.e2e.target import Target

USERS = 3
PAUSE_S = 0.02  # between two requests of a user
OVERLAP_S = 20
FREE = 60  # a minute


class Use:
    """Several clients go on reading a space, each request with the token of its moment."""

    def __init__(self, target: Target, space: str, token: str) -> None:
        self.token = token
        self.seen: list[int] = []
        self._answers = [0] * USERS
        self._target = target
        self._path = f"/spaces/{space}"
        self._heard = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Use it inside, and at the end let every client hear its last answer."""
        stop = asyncio.Event()
        users = [asyncio.create_task(self._go_on(stop, n)) for n in range(USERS)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*users)

    async def more(self) -> None:
        """Return when every client has made a request that it began after this was called."""
        enough = [made + 2 for made in self._answers]
        async with asyncio.timeout(60), self._heard:
            await self._heard.wait_for(lambda: all(map(operator.ge, self._answers, enough)))

    async def _go_on(self, stop: asyncio.Event, number: int) -> None:
        async with self._target.client({}) as client:
            while not stop.is_set():
                told = await client.get(self._path, headers={"X-API-Key": self.token})
                async with self._heard:
                    self.seen.append(told.status_code)
                    self._answers[number] += 1
                    self._heard.notify_all()
                await asyncio.sleep(PAUSE_S)


async def test_a_key_is_replaced_while_it_is_used_and_no_request_is_lost(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space, old = await new_space(admin), await new_key(admin)
    use = Use(target, space, old["token"])
    async with use.going_on():
        await use.more()
        use.token = (await new_key(admin))["token"]
        await use.more()
        revoked = await admin.delete(f"/auth/api-keys/{old['id']}")
        assert revoked.status_code == 204, revoked.text
        await use.more()
    assert set(use.seen) == {200}
    async with target.client({"X-API-Key": old["token"]}) as late:
        refused(await late.get(f"/spaces/{space}"), 401, "unauthenticated")


async def test_a_rotated_key_works_with_both_texts_for_the_overlap_and_then_with_the_new_one(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space, key = await new_space(admin), await new_key(admin)
    use = Use(target, space, key["token"])
    async with use.going_on(), target.client({"X-API-Key": key["token"]}) as old:
        await use.more()
        path, began = f"/auth/api-keys/{key['id']}/rotate", time.monotonic()
        told = await admin.post(path, json={"overlap_s": OVERLAP_S})
        assert told.status_code == 200, told.text
        assert told.json()["id"] == key["id"]
        await use.more()  # with the old text
        use.token = told.json()["token"]
        assert use.token != key["token"]
        async with asyncio.timeout(OVERLAP_S + 30):
            while (late := await old.get(f"/spaces/{space}")).status_code == 200:
                await use.more()
        assert time.monotonic() - began >= OVERLAP_S
        refused(late, 401, "unauthenticated")
        await use.more()
    assert set(use.seen) == {200}


async def until_refused(client: httpx2.AsyncClient, path: str) -> list[httpx2.Response]:
    """Ask twenty at a time until one is refused; return all answers."""
    answers: list[httpx2.Response] = []
    async with asyncio.timeout(120):  # those of a minute ago count no more
        while not any(one.status_code == 429 for one in answers):
            answers += await asyncio.gather(*(client.get(path) for _ in range(20)))
    return answers


async def test_a_key_of_a_low_tier_is_refused_beyond_it_while_one_of_a_higher_tier_goes_on(
    admin: httpx2.AsyncClient, target: Target
) -> None:
    space = await new_space(admin)
    free, pro = await new_key(admin, tier="free"), await new_key(admin, tier="pro")
    async with target.client({"X-API-Key": free["token"]}) as low:
        answers = await until_refused(low, f"/spaces/{space}")
        passed = [one for one in answers if one.status_code == 200]
        assert len(passed) >= FREE
        stopped = next(one for one in answers if one.status_code == 429)
        assert str(FREE) in refused(stopped, 429, "rate-limited")["detail"]
        assert 1 <= int(stopped.headers["retry-after"]) <= 60
        async with target.client({"X-API-Key": pro["token"]}) as high:
            for _ in range(len(answers) // 20):
                more = await asyncio.gather(*(high.get(f"/spaces/{space}") for _ in range(20)))
                assert {one.status_code for one in more} == {200}
        await until_refused(low, "/spaces")
