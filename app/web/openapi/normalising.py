"""Schema rewrites that client generators need: no noise titles, no 3.2 words in a 3.1 document."""

from typing import Any

_TYPED = frozenset({"type", "anyOf", "oneOf", "$ref", "items", "const", "enum"})
_VALUES = frozenset({"example", "examples", "value", "default", "const", "enum"})  # not schemas


def normalised(found: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its schemas rewritten."""
    found["paths"] = _walked(found["paths"])
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = {
        name: _walked(_without_title(schemas[name])) for name in sorted(schemas)
    }
    return found


def _walked(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - JSON
    """Rewrite a node; `names` tells that its keys are names of properties, not keywords."""
    if isinstance(node, list):
        return [_walked(item) for item in node]
    if not isinstance(node, dict):
        return node
    if not names:
        node = _without_noise(node)
    return {
        key: value if key in _VALUES and not names else _walked(value, names=key == "properties")
        for key, value in node.items()
    }


def _without_noise(node: dict[str, Any]) -> dict[str, Any]:
    """Drop generated titles: each would become a class of its own."""
    if isinstance(node.get("title"), str) and "properties" not in node and _TYPED & node.keys():
        return _without_title(node)
    return node


def _without_title(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "title"}
