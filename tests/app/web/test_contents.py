import hashlib

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from app.web import acceptance, ranges
from app.web.errors import NotAcceptableError, RangeNotSatisfiableError
from tests.app.web.house import API, LEAVE, new_document, new_space, problem


@pytest.fixture
async def document(client: httpx2.AsyncClient) -> str:
    return f"{API}/documents/{await new_document(client, await new_space(client))}"


async def test_a_file_comes_back_byte_for_byte_as_an_attachment(
    client: httpx2.AsyncClient, document: str
) -> None:
    found = await client.get(f"{document}/content")
    assert (found.status_code, found.content) == (200, LEAVE)
    assert found.headers["etag"] == f'"{hashlib.sha256(LEAVE).hexdigest()}"'
    assert found.headers["content-disposition"].startswith('attachment; filename="leave.md"')
    assert found.headers["content-type"] == "text/markdown"
    assert found.headers["content-length"] == str(len(LEAVE))
    assert found.headers["accept-ranges"] == "bytes"
    assert found.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, len(LEAVE)),
        ("bytes=-7", len(LEAVE) - 7, len(LEAVE)),
        ("bytes=-9999", 0, len(LEAVE)),
        ("bytes=3-9999", 3, len(LEAVE)),
        ("bytes=0-0", 0, 1),
    ],
)
async def test_a_range_is_served_as_asked(
    client: httpx2.AsyncClient, document: str, asked: str, start: int, end: int
) -> None:
    found = await client.get(f"{document}/content", headers={"Range": asked})
    assert (found.status_code, found.content) == (206, LEAVE[start:end])
    assert found.headers["content-range"] == f"bytes {start}-{end - 1}/{len(LEAVE)}"
    assert found.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes=5-2", "bytes=a-b", ""]
)
async def test_any_other_range_gets_the_whole(
    client: httpx2.AsyncClient, document: str, asked: str
) -> None:
    found = await client.get(f"{document}/content", headers={"Range": asked})
    assert (found.status_code, found.content) == (200, LEAVE)


@pytest.mark.parametrize("asked", ["bytes=9999-", "bytes=-0"])
async def test_a_range_outside_is_not_satisfiable(
    client: httpx2.AsyncClient, document: str, asked: str
) -> None:
    refused = await client.get(f"{document}/content", headers={"Range": asked})
    problem(refused, 416, "range-not-satisfiable")
    assert refused.headers["content-range"] == f"bytes */{len(LEAVE)}"


async def test_a_range_of_another_file_gets_the_whole(
    client: httpx2.AsyncClient, document: str
) -> None:
    etag = (await client.get(f"{document}/content")).headers["etag"]
    for if_range, status in ((etag, 206), ('"other"', 200)):
        headers = {"Range": "bytes=0-1", "If-Range": if_range}
        assert (await client.get(f"{document}/content", headers=headers)).status_code == status


async def test_a_good_copy_of_a_file_or_text_is_not_sent_again(
    client: httpx2.AsyncClient, document: str
) -> None:
    for what in ("content", "text"):
        etag = (await client.get(f"{document}/{what}")).headers["etag"]
        same = await client.get(f"{document}/{what}", headers={"If-None-Match": etag})
        assert (same.status_code, same.content) == (304, b"")


async def test_the_text_comes_with_its_sections_whose_offsets_hold(
    client: httpx2.AsyncClient, document: str
) -> None:
    found = (await client.get(f"{document}/text")).json()
    [section] = found["sections"]
    assert found["text"][section["start"] :].startswith(section["title"])
    assert (found["language"], found["version"], found["pages"]) == ("en", 1, [])


async def test_the_text_comes_plain_if_that_is_preferred(
    client: httpx2.AsyncClient, document: str
) -> None:
    plain = await client.get(f"{document}/text", headers={"Accept": "text/plain"})
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.text == (await client.get(f"{document}/text")).json()["text"]
    refused = await client.get(f"{document}/text", headers={"Accept": "image/png"})
    assert "text/plain" in problem(refused, 406, "not-acceptable")["detail"]


async def test_each_version_keeps_its_file_and_text(
    client: httpx2.AsyncClient, document: str
) -> None:
    sent = {"file": ("leave.md", b"# Leave\n\nThirty vacation days.\n")}
    await client.post(f"{document}/versions", files=sent)
    first = await client.get(f"{document}/content?version=1")
    second = await client.get(f"{document}/content?version=2")
    assert (first.content, second.content) == (LEAVE, sent["file"][1])
    problem(await client.get(f"{document}/content?version=3"), 404, "not-found")
    problem(await client.get(f"{document}/text?version=3"), 404, "not-found")
    for bad in ("0", "-1", "x", "1e3", "99999999999999999999"):
        refused = await client.get(f"{document}/content?version={bad}")
        problem(refused, 422, "invalid-input")


@given(st.text(alphabet="bytes=-0123456789,", max_size=30), st.integers(min_value=1, max_value=99))
def test_a_range_lies_within_the_content_or_is_refused(asked: str, size: int) -> None:
    try:
        span = ranges.wanted(Headers({"range": asked}), '"e"', size)
    except RangeNotSatisfiableError as error:
        assert error.facts == {"size_bytes": size}
    else:
        assert span is None or 0 <= span.start < span.end <= size


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/plain"),
        ("text/plain;q=0.5, application/json;q=0.4", "text/plain"),
        ("*/*;q=0.1, text/plain;q=0", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("TEXT/PLAIN", "text/plain"),
        (" ", "application/json"),
    ],
)
def test_the_best_offer_is_chosen(accept: str | None, chosen: str) -> None:
    assert acceptance.chosen(accept, ("application/json", "text/plain")) == chosen


@given(st.text(max_size=100))
def test_every_accept_header_is_either_met_or_refused(accept: str) -> None:
    try:
        assert acceptance.chosen(accept, ("a/b", "c/d")) in ("a/b", "c/d")
    except NotAcceptableError as error:
        assert error.facts == {"offered": "a/b, c/d"}
