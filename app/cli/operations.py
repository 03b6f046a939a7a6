"""The table of operations for readers: what there is, where, and what it takes to be let in."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.core.access import RULES

_INTRODUCTION = """# Operations

Generated from the application by `make docs`; do not edit. `eva openapi` prints the whole
description.

A *scope* is what the API key has to hold; a key with `admin:all` may do everything in its tenant.
"""


def page(document: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document, ending in a newline."""
    return "\n".join([_INTRODUCTION, *_table(document)]) + "\n"


def _table(document: Mapping[str, Any]) -> Iterator[str]:
    yield "| request | what it does | id | scope |"
    yield "|---|---|---|---|"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = operation["operationId"]
            scope = RULES[name]
            needed = "none" if scope is None else f"`{scope.value}`"
            said = operation["summary"].rstrip(".")
            yield f"| `{method.upper()} {path}` | {said} | `{name}` | {needed} |"
