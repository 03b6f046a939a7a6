"""A value held against a node of the published types; yields what is wrong, and where."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Node: TypeAlias = Mapping[str, Any]
Nodes: TypeAlias = Sequence[Node]
REQUIRED, READ_ONLY = 1, 2
# The name of a resource is in its path; ids and types are Azure's own words.
NOT_ASKED = frozenset({"name", "type", "apiVersion", "id"})


def walk(nodes: Nodes, ref: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    """Yield every way in which a value is not what the node allows."""
    node = nodes[int(ref["$ref"].rsplit("/", 1)[1])]
    if isinstance(value, str) and value.startswith("["):
        return  # an expression of the template language
    check = _CHECKS.get(node["$type"])
    if check is None:
        raise NotImplementedError(node["$type"])
    yield from check(nodes, node, value, where)


def _text(_: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, str):
        yield f"{where}: {value!r} is no text"
        return
    if "pattern" in node and not re.search(node["pattern"], value):
        yield f"{where}: {value!r} does not match {node['pattern']}"
    if not node.get("minLength", 0) <= len(value) <= node.get("maxLength", len(value)):
        least, most = node.get("minLength"), node.get("maxLength")
        yield f"{where}: {len(value)} characters, but {least} to {most} are allowed"


def _literal(_: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if value != node["value"]:
        yield f"{where}: {value!r} is not {node['value']!r}"


def _number(_: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int):
        yield f"{where}: {value!r} is no whole number"
    elif not node.get("minValue", value) <= value <= node.get("maxValue", value):
        yield f"{where}: {value} is not within {node.get('minValue')} to {node.get('maxValue')}"


def _truth(_: Nodes, __: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, bool):
        yield f"{where}: {value!r} is neither true nor false"


def _anything(_: Nodes, __: Node, ___: Any, ____: str) -> Iterator[str]:  # noqa: ANN401
    yield from ()


def _list(nodes: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, item in enumerate(value):
        yield from walk(nodes, node["itemType"], item, f"{where}[{place}]")


def _union(nodes: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    tried = [list(walk(nodes, ref, value, where)) for ref in node["elements"]]
    if all(tried):
        yield f"{where}: {value!r} is none of what is allowed"


def _object(nodes: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is no object"
        return
    yield from _properties(nodes, node, value, where)


def _properties(nodes: Nodes, node: Node, value: Node, where: str) -> Iterator[str]:
    known: Mapping[str, Node] = node["properties"]
    other = node.get("additionalProperties")
    for name, one in known.items():
        if one["flags"] & REQUIRED and name not in value and name not in NOT_ASKED:
            yield f"{where}.{name}: is missing"
    for name, inner in value.items():
        if name in known:
            if known[name]["flags"] & READ_ONLY and name not in NOT_ASKED:
                yield f"{where}.{name}: is Azure's to write"
            yield from walk(nodes, known[name]["type"], inner, f"{where}.{name}")
        elif other is not None:
            yield from walk(nodes, other, inner, f"{where}.{name}")
        else:
            yield f"{where}.{name}: no such property{_meant(name, known)}"


def _meant(name: str, known: Mapping[str, Node]) -> str:
    same = [one for one in known if one.casefold() == name.casefold()]
    return f"; {same[0]!r} is" if same else ""


def _told_apart(nodes: Nodes, node: Node, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is no object"
        return
    by = node["discriminator"]
    ref = node["elements"].get(value.get(by))
    if ref is None:
        yield f"{where}.{by}: {value.get(by)!r} is not one of {', '.join(node['elements'])}"
        return
    element = nodes[int(ref["$ref"].rsplit("/", 1)[1])]
    both = {**element, "properties": {**node["baseProperties"], **element["properties"]}}
    yield from _properties(nodes, both, value, where)


_Check: TypeAlias = Callable[[Nodes, Node, Any, str], Iterator[str]]
_CHECKS: Mapping[str, _Check] = {
    "StringType": _text,
    "StringLiteralType": _literal,
    "IntegerType": _number,
    "BooleanType": _truth,
    "AnyType": _anything,
    "ArrayType": _list,
    "UnionType": _union,
    "ObjectType": _object,
    "DiscriminatedObjectType": _told_apart,
}
