"""Builds the OpenAPI document: FastAPI's, made valid 3.1, with every problem documented.

FastAPI knows the inputs and the shapes. What a route's notes, its access rule and its method
imply (problems, headers, security) is added here, so that no route can forget it.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from app.core.access import PUBLIC, RULES
from app.web.openapi import implied
from app.web.openapi.examples import examples
from app.web.openapi.headers import REQUEST_HEADERS, RESPONSE_HEADERS
from app.web.openapi.links import linked
from app.web.openapi.normalising import normalised
from app.web.openapi.notes import KEY
from app.web.openapi.responses import problem_responses
from app.web.problems.rendering import Problem

_ABOUT = """Put documents into spaces and ask them: every sentence of an answer cites a span of a
source that the server has re-checked, or the answer says that the sources do not hold it.

Errors are problems (RFC 9457) with stable codes, in English or French by `Accept-Language`. Lists
are pages with an opaque cursor. Changes take `If-Match`; every POST takes an `Idempotency-Key`."""
_TAGS = {
    "spaces": "Collections of documents.",
    "members": "Who belongs to a space, and in which role.",
    "documents": "Upload, describe, download, delete.",
    "queries": "Ask, and look behind the answers.",
    "receipts": "What deletions removed.",
    "keys": "Credentials.",
    "usage": "What was used, and who is charged.",
    "jobs": "Work that was given up.",
    "health": "Is it there, can it work.",
    "problems": "What problem codes mean.",
}
_DONE = {
    "200": "Done.",
    "201": "Made.",
    "202": "Accepted; the work goes on.",
    "204": "Done; there is nothing to show.",
}
_SECURITY_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "A key or access token."},
}


def document(app: FastAPI, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    found = get_openapi(
        title="EVA API",
        version=version,
        openapi_version="3.1.0",
        summary="Ask your own documents; every sentence of an answer cites a checked source.",
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": about} for name, about in _TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
        separate_input_output_schemas=False,
    )
    components = found["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"] |= _problem_schemas()
    components["securitySchemes"] = _SECURITY_SCHEMES
    components["parameters"] = REQUEST_HEADERS
    components["headers"] = RESPONSE_HEADERS
    for method, path, operation in operations(found):
        _complete(method, path, operation)
    found = normalised(found)
    for name, shown in examples().items():
        found["components"]["schemas"][name]["examples"] = shown
    return found


def encoded(found: dict[str, Any]) -> bytes:
    """Return the document as the bytes that are served and committed."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and body of every operation of a document."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    noted = operation.pop(KEY, {"problems": [], "takes": [], "gives": {}, "unconditional": False})
    rule = RULES[operation["operationId"]]
    if rule is not PUBLIC:
        operation["security"] = [{"ApiKey": []}, {"Bearer": []}]
        operation["x-required-scope"] = rule.value
    conditional = not noted["unconditional"]
    takes = [*noted["takes"], *implied.request_headers(method, conditional=conditional)]
    if implied.timed(operation):
        takes.append("Request-Timeout")
    parameters = operation.setdefault("parameters", [])
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in takes]
    codes = implied.problems(method, path, operation) | set(noted["problems"])
    codes -= set() if conditional else implied.OF_CONDITIONS
    responses = operation["responses"] | problem_responses(codes)
    for status, response in responses.items():
        if response["description"] == "Successful Response":
            response["description"] = _DONE[status]
        names = [*noted["gives"].get(status, []), *implied.headers_of(status)]
        response.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        )
    linked(operation["operationId"], responses)
    operation["responses"] = dict(sorted(responses.items()))


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}
