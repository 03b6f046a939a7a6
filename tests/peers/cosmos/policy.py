"""What a container declares, and what of a query that forbids: nothing here may scan."""

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from tests.peers.cosmos.refusal import bad
from tests.peers.cosmos.tree import Call, Exists, Expression, Operation, Path, Query

_FULL_TEXT = ("fulltextcontains", "fulltextcontainsany", "fulltextscore")


class Policy:
    """Indexes, vectors and full text of one container, as they were declared."""

    def __init__(self, container: dict[str, Any]) -> None:
        indexing = container.get("indexingPolicy", {})
        self._included = _patterns(indexing.get("includedPaths", [{"path": "/*"}]))
        self._excluded = _patterns(indexing.get("excludedPaths", []))
        self._texts = {one["path"] for one in indexing.get("fullTextIndexes", [])}
        self._composite = [
            tuple((one["path"], one.get("order", "ascending")) for one in each)
            for each in indexing.get("compositeIndexes", [])
        ]
        vectors = container.get("vectorEmbeddingPolicy", {}).get("vectorEmbeddings", [])
        self.vectors = {one["path"]: one for one in vectors}
        self.keys: list[str] = container["partitionKey"]["paths"]
        self._accepted: WeakSet[Query] = WeakSet()

    def require(self, query: Query) -> None:
        """Raise unless every path that the query looks at is indexed for how it does."""
        if query in self._accepted:
            return
        for expression in (query.where, *(one for one, _ in query.order)):
            for part, alias in _parts(expression, None):
                self._check(part, alias)
        self._check_order(query)
        self._accepted.add(query)

    def _check(self, part: Expression, alias: Path | None) -> None:
        if isinstance(part, Call) and part.name in _FULL_TEXT:
            path = str(part.arguments[0])
            if path not in self._texts:
                raise bad(f"no full-text index at {path}")
        if isinstance(part, Path) and part.root == "c" and not self._indexed(str(part)):
            raise bad(f"not indexed, so it would scan: {part}")
        if alias is not None and not self._indexed(f"{alias}/[]"):
            raise bad(f"not indexed, so it would scan: {alias}/[]")

    def _check_order(self, query: Query) -> None:
        paths = [one for one, _ in query.order if isinstance(one, Path)]
        scored = [one for one, _ in query.order if isinstance(one, Call)]
        if scored and (query.top is None or len(query.order) > 1):
            raise bad("an order by a score needs TOP and stands alone")
        if query.rank != any(one.name == "fulltextscore" for one in scored):
            raise bad("FullTextScore stands in ORDER BY RANK, and nothing else does")
        if len(paths) > 1:
            wanted = tuple(
                (str(path), "descending" if down else "ascending") for path, down in query.order
            )
            if wanted not in self._composite:
                raise bad(f"no composite index for {wanted}")

    def _indexed(self, path: str) -> bool:
        if path in ("/id", *self.keys, *self._texts, *self.vectors):
            return True
        return _longest(path, self._included) > _longest(path, self._excluded)


def _parts(
    expression: Expression | None, alias: Path | None
) -> Iterator[tuple[Expression, Path | None]]:
    match expression:
        case Operation(operands=parts):
            for part in parts:
                yield from _parts(part, alias)
        case Call(name=name, arguments=arguments):
            yield expression, alias
            array = name == "array_contains" and isinstance(arguments[0], Path)
            if array and arguments[0].root == "c":  # type: ignore[union-attr]
                yield arguments[1], arguments[0]  # type: ignore[misc]
            else:
                for part in arguments:
                    yield from _parts(part, alias)
        case Exists(source=source, where=where):
            yield from _parts(where, source)
        case Path():
            yield expression, None if expression.root == "c" else alias
        case _:
            pass


def _patterns(paths: list[dict[str, Any]]) -> list[str]:
    return [one["path"].replace('"', "") for one in paths]


def _longest(path: str, patterns: list[str]) -> int:
    """Return how much of the path the most telling pattern covers, -1 if none does."""
    best = -1
    for pattern in patterns:
        stem = pattern.rstrip("*?").rstrip("/")
        exact = pattern.endswith("?") and path == stem
        below = pattern.endswith("*") and (path == stem or path.startswith(stem + "/"))
        if exact or below:
            best = max(best, len(stem))
    return best
