from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.responses import Response

from app.core import keys
from app.core.access import PUBLIC, RULES, WHOLE_TENANT
from app.core.models import DEFAULT_TENANT, Scope
from app.web import auth
from app.web.auth import UnguardedRouteError
from app.web.guard import GuardedRoute
from app.web.routing import group
from tests.app.web.house import API, House, new_space, problem


def operations(house: House) -> list[tuple[str, str, str]]:
    """Return method, a concrete path and operation of every route there is."""
    found = []
    for context in iter_route_contexts(house.app.routes):
        route = context.original_route
        assert isinstance(route, GuardedRoute)
        path = route.path_format
        for name, value in {
            "space_id": "spc_" + "0" * 26,
            "document_id": "doc_" + "0" * 26,
            "query_id": "qry_" + "0" * 26,
            "receipt_id": "doc_" + "0" * 26,
            "principal_id": "key:" + "0" * 26,
            "key_id": "0" * 26,
            "job_id": "job_" + "0" * 26,
            "number": "1",
            "code": "not-found",
        }.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path
        found += [(method, path, route.guarded_operation) for method in route.methods or ()]
    return found


async def test_every_operation_that_is_not_public_refuses_a_caller_without_a_key(
    house: House,
) -> None:
    anybody = await house.anybody()
    guarded = 0
    for method, path, operation in operations(house):
        answer = await anybody.request(method, path)
        if RULES[operation] is PUBLIC:
            assert answer.status_code == 200, path
        else:
            problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == 'Bearer realm="eva"'
            guarded += 1
    assert guarded >= 35


async def test_every_operation_refuses_a_key_without_its_scope_and_names_it(house: House) -> None:
    for wanted in {rule for rule in RULES.values() if rule is not PUBLIC}:
        lesser = [scope for scope in Scope if scope not in (wanted, Scope.ADMIN_ALL)]
        client = await house.client(scopes=lesser)
        for method, path, operation in operations(house):
            if RULES[operation] is wanted:
                refused = await client.request(method, path)
                body = problem(refused, 403, "insufficient-scope")
                assert wanted.value in body["detail"]


async def test_what_is_the_whole_tenants_refuses_a_key_kept_to_some_spaces(
    house: House, client: httpx2.AsyncClient
) -> None:
    kept = await house.client(space_ids=[await new_space(client)])
    asked = [one for one in operations(house) if one[2] in WHOLE_TENANT]
    assert {operation for _, _, operation in asked} == WHOLE_TENANT
    for method, path, _ in asked:
        refused = await kept.request(method, path)
        assert "on every space" in problem(refused, 403, "insufficient-scope")["detail"]


async def test_every_rule_belongs_to_an_operation(house: House) -> None:
    assert {operation for _, _, operation in operations(house)} == set(RULES)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": ""},
        {"X-API-Key": "eva"},
        {"X-API-Key": "eva_x_y"},
        {"X-API-Key": "sk_1234"},
        {"X-API-Key": "eva_a_b_c"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic ZXZhOmV2YQ=="},
        {"Authorization": "Bearer eva_x_y"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},  # pragma: allowlist secret
        {"Cookie": "X-API-Key=eva_x_y"},
    ],
    ids=str,
)
async def test_a_credential_that_is_none_is_refused(house: House, headers: dict[str, str]) -> None:
    anybody = await house.anybody(headers)
    problem(await anybody.get(f"{API}/spaces"), 401, "unauthenticated")


async def test_a_key_is_good_in_either_header(house: House) -> None:
    client = await house.client()
    token = client.headers["X-API-Key"]
    for headers in ({"X-API-Key": token}, {"Authorization": f"bearer {token}"}):
        anybody = await house.anybody(headers)
        assert (await anybody.get(f"{API}/spaces")).status_code == 200


async def test_a_key_with_another_secret_is_refused(house: House) -> None:
    client = await house.client()
    other = client.headers["X-API-Key"][:-1] + "x"
    anybody = await house.anybody({"X-API-Key": other})
    problem(await anybody.get(f"{API}/spaces"), 401, "unauthenticated")


async def test_an_expired_key_is_refused(house: House) -> None:
    wanted = keys.NewKey(
        name="old",
        scopes=(Scope.ADMIN_ALL,),
        expires_at=datetime.now(UTC) - timedelta(seconds=1),
    )
    issued = await keys.issue(house.services.ports, DEFAULT_TENANT, "test", wanted)
    anybody = await house.anybody({"X-API-Key": issued.token})
    problem(await anybody.get(f"{API}/spaces"), 401, "unauthenticated")


async def test_who_calls_is_asked_before_the_body_is_looked_at(house: House) -> None:
    anybody = await house.anybody()
    refused = await anybody.post(
        f"{API}/spaces", content=b"{", headers={"Content-Type": "application/json"}
    )
    problem(refused, 401, "unauthenticated")
    reader = await house.client(scopes=[Scope.SPACES_READ])
    problem(await reader.post(f"{API}/spaces", content=b"{"), 403, "insufficient-scope")


async def test_a_method_override_header_changes_nothing(client: httpx2.AsyncClient) -> None:
    space = await new_space(client)
    told = await client.get(f"{API}/spaces/{space}", headers={"X-HTTP-Method-Override": "DELETE"})
    assert told.status_code == 200
    assert (await client.get(f"{API}/spaces/{space}")).status_code == 200


async def answers() -> Response:
    return Response()


def test_an_operation_without_a_rule_cannot_be_declared() -> None:
    with pytest.raises(UnguardedRouteError, match="noSuchOperation"):
        group("x").add_api_route("/x", answers, operation_id="noSuchOperation")


def test_a_route_that_is_not_guarded_stops_the_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    outer = group("x")
    outer.add_api_route("/livez", answers, operation_id="getLiveness")
    app.include_router(outer, prefix="/nested")
    auth.require_rules(app.routes)
    app.add_api_route("/open", answers, operation_id="getSpace")
    with pytest.raises(UnguardedRouteError, match="/open"):
        auth.require_rules(app.routes)


def test_a_websocket_without_a_rule_stops_the_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_websocket_route("/socket", answers)
    with pytest.raises(UnguardedRouteError, match="/socket"):
        auth.require_rules(app.routes)
