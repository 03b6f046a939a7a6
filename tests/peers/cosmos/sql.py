"""The queries that this peer understands, as a tree; anything else is refused with 400.

The subset is the application's written list, not Cosmos DB's language:

    SELECT [TOP n] item, …            item: expression [AS name]
    SELECT [TOP n] VALUE expression   expression may be COUNT(1), alone
    FROM c
    WHERE AND OR NOT ( ) = < <= > >= IN (…), EXISTS(SELECT VALUE t FROM t IN c.path WHERE …)
    ORDER BY c.path [ASC|DESC], …  |  VectorDistance(…)  |  RANK FullTextScore(…)

Functions: see FUNCTIONS. Texts come as parameters only: a quoted text is refused.
"""

import re
from typing import NoReturn

from tests.peers.cosmos.refusal import bad
from tests.peers.cosmos.tree import (
    Call,
    Exists,
    Expression,
    Literal,
    Operation,
    Parameter,
    Path,
    Query,
)

FUNCTIONS = {  # name in lower case -> numbers of arguments
    "is_defined": range(1, 2),
    "array_contains": range(2, 3),
    "startswith": range(2, 3),
    "vectordistance": range(2, 3),
    "fulltextcontains": range(2, 3),
    "fulltextcontainsany": range(2, 32),
    "fulltextscore": range(2, 32),
}
KEYWORDS = {
    "select", "top", "value", "from", "where", "order", "by", "rank", "asc", "desc", "and", "or",
    "not", "in", "as", "exists", "true", "false", "null",
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<parameter>@\w+)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign><=|>=|!=|[=<>(),.*\[\]])|(?P<other>\S))"
)


class Reader:
    """Reads one query; every complaint names what it stumbled over."""

    def __init__(self, text: str) -> None:
        self._tokens = [
            (match.lastgroup or "", match.group(match.lastgroup or 0))
            for match in _TOKEN.finditer(text.rstrip())
        ]
        self._at = 0

    def query(self) -> Query:
        self._need("select")
        top = self._primary() if self._took("top") else None
        value: Expression | None = None
        items: tuple[tuple[str, Expression], ...] = ()
        if self._took("value"):
            value = self._count() or self._any()
        else:
            items = self._items()
        self._need("from")
        if self._word() != "c":
            self._refuse("a source other than `c`")
        where = self._any() if self._took("where") else None
        order, rank = self._order() if self._took("order") else ((), False)
        if self._at < len(self._tokens):
            self._refuse("what is outside of the allowed subset")
        return Query(top, value, items, where, order, rank)

    def _items(self) -> tuple[tuple[str, Expression], ...]:
        items: list[tuple[str, Expression]] = []
        while True:
            if self._took("*"):
                self._refuse("SELECT *")
            expression = self._any()
            named = self._word() if self._took("as") else _name(expression)
            if not named:
                self._refuse("an item without a name before")
            items.append((named, expression))
            if not self._took(","):
                return tuple(items)

    def _order(self) -> tuple[tuple[tuple[Expression, bool], ...], bool]:
        self._need("by")
        rank = self._took("rank")
        order: list[tuple[Expression, bool]] = []
        while True:
            expression = self._any()
            if not isinstance(expression, Path | Call):
                self._refuse("an order by anything but a path or a score")
            order.append((expression, self._direction(expression)))
            if not self._took(","):
                return tuple(order), rank

    def _direction(self, expression: Expression) -> bool:
        if isinstance(expression, Call) and self._peek() in ("asc", "desc"):
            self._refuse("a direction after a score")
        return not self._took("asc") and self._took("desc")

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Operation("or", tuple(parts))

    def _all(self) -> Expression:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Operation("and", tuple(parts))

    def _not(self) -> Expression:
        return Operation("not", (self._not(),)) if self._took("not") else self._comparison()

    def _comparison(self) -> Expression:
        left = self._primary()
        for sign in ("<=", ">=", "=", "<", ">"):
            if self._took(sign):
                return Operation(sign, (left, self._primary()))
        if self._took("in"):
            self._need("(")
            return Operation("in", (left, *self._arguments()))
        return left

    def _primary(self) -> Expression:
        if self._took("("):
            inside = self._any()
            self._need(")")
            return inside
        kind, text = self._next()
        if kind == "number":
            return Literal(float(text) if "." in text else int(text))
        if kind == "parameter":
            return Parameter(text)
        if kind != "word":
            self._back("a quoted text: use a parameter" if text in "\"'" else "what is not known")
        return self._named(text)

    def _named(self, text: str) -> Expression:
        low = text.lower()
        if low in ("true", "false", "null"):
            return Literal({"true": True, "false": False, "null": None}[low])
        if low == "exists":
            return self._exists()
        if self._took("("):
            if low not in FUNCTIONS:
                self._back(f"the function {text} before")
            arguments = self._arguments()
            if len(arguments) not in FUNCTIONS[low]:
                self._refuse(f"{len(arguments)} arguments of {text} before")
            return Call(low, arguments)
        if low in KEYWORDS:
            self._back("a word out of place")
        parts = []
        while self._took("."):
            parts.append(self._word())
        return Path(text, tuple(parts))

    def _count(self) -> Expression | None:
        if self._peek() != "count":
            return None
        self._at += 1
        for expected in ("(", "1", ")"):
            self._need(expected)
        return Call("count", ())

    def _exists(self) -> Exists:
        for expected in ("(", "select", "value"):
            self._need(expected)
        alias = self._word()
        self._need("from")
        if self._word() != alias:
            self._refuse("another alias than selected before")
        self._need("in")
        source = self._primary()
        if not isinstance(source, Path):
            self._refuse("a source that is no path before")
        self._need("where")
        where = self._any()
        self._need(")")
        return Exists(alias, source, where)

    def _arguments(self) -> tuple[Expression, ...]:
        found = [self._any()]
        while self._took(","):
            found.append(self._any())
        self._need(")")
        return tuple(found)

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _took(self, text: str) -> bool:
        found = self._peek() == text
        self._at += found
        return found

    def _need(self, text: str) -> None:
        if not self._took(text):
            self._refuse(f"what is no `{text}`")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            self._refuse("the end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            self._back("what is no name")
        return text

    def _back(self, what: str) -> NoReturn:
        self._at -= 1
        self._refuse(what)

    def _refuse(self, what: str) -> NoReturn:
        rest = " ".join(text for _, text in self._tokens[self._at : self._at + 6])
        raise bad(f"not in the allowed subset: {what} at `{rest}`")


def _name(expression: Expression) -> str:
    return expression.parts[-1] if isinstance(expression, Path) and expression.parts else ""
