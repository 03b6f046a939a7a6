import base64

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadCursorError
from app.web import cursors
from tests.app.web.house import API, new_document, new_space, problem


async def test_pages_follow_each_other_without_gap_or_double(client: httpx2.AsyncClient) -> None:
    made = [await new_space(client, f"s{n}") for n in range(5)]
    seen, target = [], f"{API}/spaces?limit=2"
    while True:
        page = await client.get(target)
        seen += [one["id"] for one in page.json()["items"]]
        assert len(page.json()["items"]) <= 2
        if page.json()["next_cursor"] is None:
            assert "link" not in page.headers
            break
        target = page.headers["link"].removeprefix("<").partition(">")[0]
    assert seen == made
    newest = (await client.get(f"{API}/spaces?order=desc&limit=1")).json()["items"]
    assert newest[0]["id"] == made[-1]


async def test_a_limit_may_change_between_pages(client: httpx2.AsyncClient) -> None:
    made = [await new_space(client, f"s{n}") for n in range(4)]
    cursor = (await client.get(f"{API}/spaces?limit=1")).json()["next_cursor"]
    rest = await client.get(f"{API}/spaces", params={"limit": 3, "cursor": cursor})
    assert [one["id"] for one in rest.json()["items"]] == made[1:]


@pytest.mark.parametrize("cursor", ["x", "%00", "é", "AAAA", "a" * 400, "-_-_", "=", "e30="])
async def test_a_cursor_that_was_never_issued_is_refused(
    client: httpx2.AsyncClient, cursor: str
) -> None:
    problem(await client.get(f"{API}/spaces?cursor={cursor}"), 400, "bad-cursor")


async def test_a_cursor_serves_only_the_list_filters_and_order_it_came_from(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    space, other = await new_space(client), await new_space(client, "other")
    for word in (b"one", b"two"):
        await new_document(client, space, word * 9, tags="t")
    list_ = f"{API}/spaces/{space}/documents"
    cursor = (await client.get(f"{list_}?limit=1&tag=t")).json()["next_cursor"]
    for target in (
        f"{list_}?limit=1",
        f"{list_}?tag=u",
        f"{list_}?tag=t&order=desc",
        f"{API}/spaces/{other}/documents?tag=t",
        f"{API}/spaces?limit=1",
    ):
        join = "&" if "?" in target else "?"
        problem(await client.get(f"{target}{join}cursor={cursor}"), 400, "bad-cursor")
    problem(await stranger.get(f"{API}/spaces?cursor={cursor}"), 400, "bad-cursor")
    assert (await client.get(f"{list_}?limit=1&tag=t&cursor={cursor}")).status_code == 200


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_cursor_gives_its_place_back(after: str, binding: str) -> None:
    after = after.encode(errors="ignore").decode()
    binding = binding.encode(errors="ignore").decode()
    assert cursors.decode(cursors.encode(after, binding), binding) == after


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_cursor_with_one_changed_byte_is_refused(place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(cursors.encode("spc_01", "list") + "=="))
    raw[place % len(raw)] ^= change
    with pytest.raises(BadCursorError):
        cursors.decode(base64.urlsafe_b64encode(raw).decode().rstrip("="), "list")


@given(st.text(max_size=80))
def test_no_text_makes_the_reading_of_cursors_fail_otherwise(cursor: str) -> None:
    with pytest.raises(BadCursorError):
        cursors.decode(cursor, "list")
