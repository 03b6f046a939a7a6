"""With any one guard taken away, the matrix says so, and where."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocket

from tests.authz import flaws
from tests.authz.makers import MAKERS, UnmadeError, request_of
from tests.authz.matrix import tried
from tests.authz.operations import Operation, UnspokenProtocolError, operations_of
from tests.authz.world import World, peopled

Flaw = Callable[[pytest.MonkeyPatch, World, str], None]
FLAWS: list[tuple[Flaw, str, str]] = [
    (flaws.public, "listSpaces", "no credential: 500 where 401 was due"),
    (flaws.any_scope, "getSpace", "every scope but the needed: 200 where 403 was due"),
    (flaws.any_scope, "deleteDocument", "every scope but the needed: 204 where 403 was due"),
    (flaws.any_space, "downloadDocument", "key kept to another space: 200 where 404 was due"),
    (flaws.any_space, "verifyCitation", "key kept to another space: 200 where 404 was due"),
    (flaws.any_second_space, "listQueries", "key kept to this space: the answer names"),
    (flaws.any_member, "downloadDocument", "member of no space: 200 where 404 was due"),
    (flaws.any_member, "verifyCitation", "member of another space: 200 where 404 was due"),
    (flaws.any_listed, "listSpaces", "member of no space: the answer names"),
    (flaws.any_role, "deleteDocument", "member as reader: 204 where 403 was due"),
    (flaws.any_role, "putMember", "member as contributor: 200 where 403 was due"),
    (flaws.any_second_member, "listQueries", "member as reader: the answer names"),
    (flaws.whole_tenant, "listDeadJobs", "key kept to another space: 200 where 403 was due"),
    (flaws.any_time, "listSpaces", "expired key: 200 where 401 was due"),
    (flaws.any_audience, "listSpaces", "token for another audience: 200 where 401 was due"),
    (flaws.any_tenant, "getDocument", "other tenant's admin: 200 where 404 was due"),
    (flaws.any_tenant, "getSpaceDocument", "object of another space: 200 where 404 was due"),
    (flaws.telling_header, "updateDocument", "other tenant's key: told apart"),
    (flaws.change_first, "replaceSpace", "other tenant's key: a refusal changed"),
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A service for one test: without its guards it loses what is in it."""
    async with peopled(tmp_path / "data") as found:
        yield found


def named(world: World, operation: str) -> Operation:
    return next(one for one in operations_of(world.house.app.routes) if one.id == operation)


@pytest.mark.parametrize(
    ("flaw", "opened", "said"),
    FLAWS,
    ids=[f"{flaw.__name__} {operation}" for flaw, operation, _ in FLAWS],
)
async def test_a_guard_that_is_missing_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, flaw: Flaw, opened: str, said: str
) -> None:
    flaw(monkeypatch, world, opened)
    trial = await tried(world, named(world, opened))
    assert any(f"· {said}" in found for found in trial.found), trial.found


async def test_with_every_guard_in_place_nothing_is_found(world: World) -> None:
    for operation in sorted({operation for _, operation, _ in FLAWS}):
        assert (await tried(world, named(world, operation))).found == []


async def test_an_operation_without_a_maker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(MAKERS, "getSpace")
    with pytest.raises(UnmadeError, match=r"getSpace: GET /s/\{space_id\}"):
        request_of(Operation("getSpace", "GET", "/s/{space_id}"), {})


async def test_a_websocket_does_not_go_untested() -> None:
    async def answers(_: WebSocket) -> None:
        """Never asked."""

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_websocket_route("/socket", answers)
    with pytest.raises(UnspokenProtocolError, match=r"/socket: .* APIWebSocketRoute"):
        operations_of(app.routes)
