from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Match, Route

from app.web.dispatch import Dispatch
from app.web.guard import GuardedRoute
from tests.app.web.house import API, House, problem


def _dispatch(house: House) -> Dispatch:
    found: Any = house.app.router.middleware_stack
    assert isinstance(found, Dispatch)
    return found


def _paths(house: House) -> set[str]:
    """Return a path of every route, and some that are nearly paths of theirs."""
    found = set()
    for context in iter_route_contexts(house.app.routes):
        assert isinstance(context.original_route, GuardedRoute)
        path = context.original_route.path
        filled = "/".join("a%2Fb" if part[:1] == "{" else part for part in path.split("/"))
        found |= {filled, f"{filled}/", f"{filled}/more", filled[:-1], f"/{filled}", f"{filled}\n"}
    return found


async def test_an_operation_is_found_as_the_framework_finds_it(house: House) -> None:
    dispatch, matched = _dispatch(house), 0
    for path in _paths(house):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            scope: Any = {"type": "http", "method": method, "path": path, "headers": []}
            expected = None
            for route in house.app.routes:
                assert isinstance(route, Route)
                match, child = route.matches(scope)
                if match is Match.FULL:
                    expected = (route, child["path_params"])
                    break
            found = dispatch.find(method, path)
            if found is None and expected and ":path}" in expected[0].path:
                continue  # a parameter with slashes in it: the framework answers
            assert (found and (found[0], found[2])) == expected, (method, path)
            matched += expected is not None
    assert matched >= 40


async def test_what_is_no_operation_is_left_to_the_framework(house: House) -> None:
    client = await house.client()
    problem(await client.get(f"{API}/nothing/here"), 404, "route-not-found")
    refused = await client.put(f"{API}/spaces")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, POST"


async def test_an_application_below_a_prefix_answers_too(house: House) -> None:
    client = await house.client()

    async def below(scope: Any, receive: Any, send: Any) -> None:
        path = f"/eva{scope['path']}"
        await house.asgi({**scope, "root_path": "/eva", "path": path}, receive, send)

    sent: list[Any] = []
    headers = [(name.lower().encode(), value.encode()) for name, value in client.headers.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{API}/spaces",
        "raw_path": f"/eva{API}/spaces".encode(),
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await below(scope, receive, send)
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("body", "status", "refused"),
    [
        ("", 422, [""]),
        ("null", 422, [""]),
        ("[]", 422, [""]),
        ("{}", 422, ["/name"]),
        ('{"name": 1, "tags": 2, "more": 3}', 422, ["/more", "/name", "/tags"]),
        ('{"name": ', 400, []),
    ],
)
async def test_a_body_is_refused_with_all_that_is_wrong_with_it(
    house: House, body: str, status: int, refused: list[str]
) -> None:
    client = await house.client()
    found = _dispatch(house).find("POST", f"{API}/spaces")
    assert found
    assert found[0].direct is not None  # the framework has no part in it
    headers = {"Content-Type": "application/json"}
    answered = await client.post(f"{API}/spaces", content=body, headers=headers)
    assert answered.status_code == status
    assert sorted(one["pointer"] for one in answered.json().get("errors", [])) == refused
