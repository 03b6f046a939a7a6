"""Problem responses: one per status, each of its codes with an example."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from app.web.problems.catalogue import CATALOGUE, Entry
from app.web.problems.rendering import MEDIA_TYPE, FieldError, Problem

_FACTS: Mapping[str, str] = {
    "scope": "documents:write",
    "role": "reader",
    "reason": "the query is completed",
    "limit_bytes": "104857600",
    "media_type": "image/png",
    "status": "processing",
    "dependency": "records",
    "expected": "application/json",
    "offered": "application/json, text/plain",
    "size_bytes": "1024",
    "limit": "600",
    "window": "60",
    "retry_after": "12",
}


def problem_responses(codes: Iterable[str]) -> dict[str, Any]:
    """Return the responses that these problem codes have, by status."""
    entries = sorted((CATALOGUE[code] for code in codes), key=lambda e: (e.status, e.code))
    return {
        str(status): _response(list(group))
        for status, group in groupby(entries, key=lambda entry: entry.status)
    }


def _response(entries: list[Entry]) -> dict[str, Any]:
    listed = "; ".join(f"`{entry.code}`: {entry.said['en'].title}" for entry in entries)
    return {
        "description": f"{listed}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {entry.code: {"value": _example(entry)} for entry in entries},
            }
        },
    }


def _example(entry: Entry) -> Problem:
    said = entry.said["en"]
    example = Problem(
        type=f"/problems/{entry.code}",
        title=said.title,
        status=entry.status,
        detail=said.detail.format_map(_FACTS),
        instance="/api/v1/spaces",
        code=entry.code,
        request_id="req_0f3b6c1d2e4a5b6c7d8e9f00",
    )
    if entry.code == "invalid-input":
        example["errors"] = [FieldError(pointer="/name", detail="is required")]
    return example
