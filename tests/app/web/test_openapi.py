import json
import re
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from fastapi.routing import iter_route_contexts
from openapi_spec_validator import validate

from app.core.access import PUBLIC, RULES
from app.main import create_app
from app.settings import Settings
from app.web.guard import GuardedRoute
from app.web.openapi import building
from app.web.openapi.normalising import normalised
from app.web.problems.catalogue import CATALOGUE
from tests.app.web.house import House

UNDOCUMENTED = {"getOpenApi"}
# What clients of the earlier service call, by path: seventeen operations.
CLASSIC = {
    "/health": "get",
    "/health/detailed": "get",
    "/api/v1/auth/api-keys": "get post",
    "/api/v1/auth/api-keys/{key_id}/revoke": "post",
    "/api/v1/spaces": "get post",
    "/api/v1/spaces/{space_id}": "get put delete",
    "/api/v1/spaces/{space_id}/documents": "get post",
    "/api/v1/spaces/{space_id}/documents/{document_id}": "get delete",
    "/api/v1/queries": "post",
    "/api/v1/queries/{query_id}": "get",
    "/api/v1/queries/{query_id}/result": "get",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def test_the_document_is_valid_openapi_31(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert "itemSchema" not in json.dumps(document)


def test_the_document_is_the_same_bytes_every_time() -> None:
    first, second = (building.encoded(create_app(Settings()).openapi()) for _ in range(2))
    assert first == second


async def test_the_served_document_is_the_documented_one(
    house: House, document: dict[str, Any]
) -> None:
    served = await (await house.anybody()).get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.content == building.encoded(document)


def test_every_operation_is_described_and_named_in_camel_case(document: dict[str, Any]) -> None:
    for method, path, operation in building.operations(document):
        assert re.fullmatch(r"[a-z][A-Za-z0-9]+", operation["operationId"]), path
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        for parameter in operation["parameters"]:
            assert "$ref" in parameter or parameter["description"], (method, path)


def test_every_route_that_is_not_meant_to_be_hidden_is_documented(
    document: dict[str, Any],
) -> None:
    documented = {operation["operationId"] for _, _, operation in building.operations(document)}
    assert documented == set(RULES) - UNDOCUMENTED
    for context in iter_route_contexts(create_app(Settings()).routes):
        route = context.original_route
        assert isinstance(route, GuardedRoute)
        hidden = route.path.startswith("/auth/api-keys") or route.path == "/openapi.json"
        assert route.include_in_schema is not hidden


def test_the_seventeen_classic_operations_are_there(document: dict[str, Any]) -> None:
    assert sum(len(methods.split()) for methods in CLASSIC.values()) == 17
    for path, methods in CLASSIC.items():
        assert set(methods.split()) <= document["paths"][path].keys(), path


def test_every_problem_response_says_which_codes_it_may_have(document: dict[str, Any]) -> None:
    codes = set()
    for _, path, operation in building.operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            [(kind, content)] = response["content"].items()
            assert kind == "application/problem+json", path
            for code, example in content["examples"].items():
                assert CATALOGUE[code].status == int(status)
                jsonschema_rs.validate(_resolved(document, "Problem"), example["value"])
                codes.add(code)
    never_shown = {"route-not-found", "method-not-allowed", "bad-request", "head-too-large"}
    internal = {"lease-lost", "document-unreadable"}
    assert set(CATALOGUE) - codes == never_shown | internal


def test_security_is_declared_where_a_rule_asks_for_it(document: dict[str, Any]) -> None:
    for _, _, operation in building.operations(document):
        rule = RULES[operation["operationId"]]
        assert operation.get("x-required-scope") == rule
        assert ("401" in operation["responses"]) is (rule is not PUBLIC)
        assert bool(operation.get("security")) is (rule is not PUBLIC)


def test_every_post_takes_an_idempotency_key_and_every_change_an_etag(
    document: dict[str, Any],
) -> None:
    for method, _, operation in building.operations(document):
        taken = {one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]}
        assert ("Idempotency-Key" in taken) is (method == "post")
        if method in ("put", "patch") and operation["operationId"] != "putMember":
            assert "If-Match-Required" in taken  # a role is said whole, whatever it was before
            assert {"412", "428"} <= operation["responses"].keys()


def test_a_timeout_may_be_said_where_it_is_heeded(document: dict[str, Any]) -> None:
    routes = [
        context.original_route for context in iter_route_contexts(create_app(Settings()).routes)
    ]
    heeding = {
        route.guarded_operation
        for route in routes
        if isinstance(route, GuardedRoute)
        and RULES[route.guarded_operation] is not PUBLIC
        and not getattr(route.endpoint, "streams", False)
    }
    takes = {"$ref": "#/components/parameters/Request-Timeout"}
    told = {
        operation["operationId"]
        for _, _, operation in building.operations(document)
        if takes in operation["parameters"]
    }
    assert told == heeding - UNDOCUMENTED
    assert {"createQuery", "listSpaces"} <= told


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    shown = 0
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            jsonschema_rs.validate(_resolved(document, name), example)
            shown += 1
    assert shown >= 18


def test_answers_have_no_field_that_their_schema_does_not_name(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        for example in schema.get("examples", ()):
            assert set(example) <= set(schema["properties"]), name


def test_inputs_refuse_what_they_do_not_name(document: dict[str, Any]) -> None:
    for name in ("SpaceIn", "SpacePatch", "DocumentPatch", "QueryIn", "QuestionIn", "ApiKeyIn"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_no_input_names_an_address_that_the_service_would_call(document: dict[str, Any]) -> None:
    schemas = [name for name in document["components"]["schemas"] if name.endswith(("In", "Patch"))]
    parameters = document["components"].get("parameters", {})
    inputs = [document["components"]["schemas"][name] for name in schemas]
    named = {field for schema in inputs for field in schema["properties"]} | set(parameters)
    assert len(schemas) >= 6
    assert not [
        name
        for name in named
        if re.search(r"ur[il]\b|_ur[il]|webhook|callback", name, re.IGNORECASE)
    ]
    assert '"uri' not in json.dumps(inputs)


def test_patches_have_no_nullable_field(document: dict[str, Any]) -> None:
    for name in ("SpacePatch", "DocumentPatch"):
        schema = document["components"]["schemas"][name]
        assert '"null"' not in json.dumps(schema["properties"])
        assert "required" not in schema


def test_generated_titles_are_dropped_and_real_ones_kept() -> None:
    found = normalised(
        {
            "paths": {"/x": {"schema": {"title": "Noise", "type": "string"}}},
            "components": {
                "schemas": {
                    "A": {
                        "title": "A",
                        "type": "object",
                        "properties": {"title": {"title": "Title", "type": "string"}},
                        "examples": [{"title": "kept", "type": "kept"}],
                    }
                }
            },
        }
    )
    assert found["paths"] == {"/x": {"schema": {"type": "string"}}}
    assert found["components"]["schemas"]["A"] == {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "examples": [{"title": "kept", "type": "kept"}],
    }


async def test_the_application_offers_no_other_document(house: House) -> None:
    anybody: httpx2.AsyncClient = await house.anybody()
    assert (await anybody.get("/openapi.yaml")).status_code == 404


def _resolved(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
