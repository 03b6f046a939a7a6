"""Partial changes of an item, path by path."""

import copy
from typing import Any

from tests.peers.cosmos.refusal import bad


def patched(item: dict[str, Any], operations: object) -> dict[str, Any]:
    """Return the item with the operations applied in order; at most ten, as the service has it."""
    if not isinstance(operations, list) or not 0 < len(operations) <= 10:
        raise bad("a patch has 1 to 10 operations")
    changed = copy.deepcopy(item)
    for operation in operations:
        _apply(changed, operation)
    return changed


def _apply(item: dict[str, Any], operation: dict[str, Any]) -> None:
    *above, last = str(operation.get("path", "")).strip("/").split("/")
    place: Any = item
    for part in above:
        place = place.get(part) if isinstance(place, dict) else None
    if not isinstance(place, dict) or not last:
        raise bad(f"a patch of a path that is not there: {operation.get('path')}")
    match operation.get("op"):
        case "set" | "add":
            place[last] = operation["value"]
        case "replace" if last in place:
            place[last] = operation["value"]
        case "remove" if last in place:
            del place[last]
        case other:
            raise bad(f"a patch that can't be: {other} {operation.get('path')}")
