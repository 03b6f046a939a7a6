from typing import Any

import httpx2
import pytest

from tests.app.web.house import API, new_space, problem


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"nul", b'{"name": NaN}', b'{"name": "\xff"}', b"[" * 2000, b'{"name": "\\ud800"}'],
    ids=["empty", "cut", "word", "nan", "utf8", "deep", "surrogate"],
)
async def test_bad_json_is_a_malformed_body(client: httpx2.AsyncClient, sent: bytes) -> None:
    header = {"Content-Type": "application/json"}
    refused = await client.post(f"{API}/spaces", content=sent, headers=header)
    if sent:
        problem(refused, 400, "malformed-body")
    else:
        problem(refused, 422, "invalid-input")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "x", None])
async def test_a_body_that_is_not_json_is_an_unsupported_media_type(
    client: httpx2.AsyncClient, kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    refused = await client.post(f"{API}/spaces", content=b'{"name": "x"}', headers=headers)
    assert "application/json" in problem(refused, 415, "unsupported-media-type")["detail"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": " \t"}, "/name"),
    ({"name": "x" * 256}, "/name"),
    ({"name": "a\0b"}, "/name"),
    ({"name": 7}, "/name"),
    ({"name": "x", "owner": "me"}, "/owner"),
    ({"name": "x", "tenant_id": "ten_other"}, "/tenant_id"),
    ({"name": "x", "description": "d" * 1001}, "/description"),
    ({"name": "x", "tags": ["t"] * 51}, "/tags"),
    ({"name": "x", "tags": ["t" * 101]}, "/tags/0"),
    ({"name": "x", "tags": "t"}, "/tags"),
    ({"name": "x", "metadata": {str(n): n for n in range(51)}}, "/metadata"),
    ({"name": "x", "metadata": {"k": {"nested": 1}}}, "/metadata"),
    ({"name": "x", "metadata": {"k": "a\0"}}, "/metadata"),
    ({"name": "x", "metadata": {"": 1}}, "/metadata"),
    ({"name": "x", "metadata": []}, "/metadata"),
    ({"name": "x", "a/b~c": 1}, "/a~1b~0c"),
]


@pytest.mark.parametrize(("sent", "pointer"), BAD, ids=lambda v: str(v)[:30])
async def test_what_is_refused_is_pointed_at_in_both_languages(
    client: httpx2.AsyncClient, sent: dict[str, Any], pointer: str
) -> None:
    english = problem(await client.post(f"{API}/spaces", json=sent), 422, "invalid-input")
    header = {"Accept-Language": "fr"}
    french = problem(
        await client.post(f"{API}/spaces", json=sent, headers=header), 422, "invalid-input"
    )
    [told], [dit] = english["errors"], french["errors"]
    assert (told["pointer"], dit["pointer"]) == (pointer, pointer)
    assert told["detail"] != dit["detail"]


async def test_an_unknown_query_parameter_is_refused_everywhere(
    client: httpx2.AsyncClient,
) -> None:
    space = await new_space(client)
    for target in ("/livez", f"{API}/spaces", f"{API}/spaces/{space}"):
        body = problem(await client.get(f"{target}?admin=1"), 422, "invalid-input")
        assert body["errors"] == [{"pointer": "query:admin", "detail": "is not known here"}]
