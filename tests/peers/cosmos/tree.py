"""What a query is, once read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Path:
    root: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "/" + "/".join(self.parts)


@dataclass(frozen=True)
class Parameter:
    name: str


@dataclass(frozen=True)
class Literal:
    value: object


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Operation:
    """`and`, `or`, `not`, a comparison, or `in` (the first operand, then the list)."""

    sign: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True)
class Exists:
    alias: str
    source: Path
    where: "Expression"


Expression = Path | Parameter | Literal | Call | Operation | Exists


@dataclass(frozen=True, eq=False)  # each is itself: what is known of it is found quickly
class Query:
    top: Expression | None
    value: Expression | None  # SELECT VALUE …
    items: tuple[tuple[str, Expression], ...]  # else name and expression
    where: Expression | None
    order: tuple[tuple[Expression, bool], ...]  # expression, descending
    rank: bool

    @property
    def counts(self) -> bool:
        return isinstance(self.value, Call) and self.value.name == "count"
