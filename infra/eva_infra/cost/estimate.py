"""Quantities times prices: a floor, a ceiling, and everything that has no price."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eva_infra.cost.asking import API
from eva_infra.cost.prices import Prices
from eva_infra.cost.quantities import Quantity, quantities
from eva_infra.recording import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One meter of a stack: how much of it, what one costs (None: nobody knows)."""

    meter: str
    unit: str
    resources: int
    floor: float | None
    ceiling: float | None
    price: float | None

    @property
    def by_use(self) -> bool:
        """Tell whether only use decides how much of it is paid."""
        return self.floor is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A stack's month. Sums hold only what has a price; `unpriced` is the rest."""

    stack: str
    currency: str
    as_of: str | None
    source: str | None
    rows: tuple[Row, ...]

    @property
    def floor(self) -> float:
        """Return what is paid at least for what has a price."""
        return sum((row.floor or 0) * row.price for row in self.rows if row.price is not None)

    @property
    def ceiling(self) -> float:
        """Return what is paid at most for what has a price, without what use decides."""
        return sum((row.ceiling or 0) * row.price for row in self.rows if row.price is not None)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Return the meters that are paid for certain and have no price."""
        return tuple(row.meter for row in self.rows if row.price is None and not row.by_use)

    @property
    def by_use(self) -> tuple[str, ...]:
        """Return the meters of which only use decides."""
        return tuple(row.meter for row in self.rows if row.by_use)

    def as_data(self) -> dict[str, Any]:
        """Return the estimate as JSON has it."""
        return {
            "stack": self.stack,
            "currency": self.currency,
            "as_of": self.as_of,
            "source": self.source,
            "floor": round(self.floor, 2),
            "ceiling": round(self.ceiling, 2),
            "unpriced": list(self.unpriced),
            "usage_only": list(self.by_use),
            "rows": [
                {
                    "meter": r.meter,
                    "unit": r.unit,
                    "floor": r.floor,
                    "ceiling": r.ceiling,
                    "price": r.price,
                }
                for r in self.rows
            ],
        }


def estimate(graph: Graph, prices: Prices) -> Estimate:
    """Return what a recorded stack costs in a month."""
    meters: dict[tuple[str, str], list[Quantity]] = defaultdict(list)
    for one in quantities(graph):
        meters[one.meter, one.unit].append(one)
    rows = tuple(
        Row(
            meter=meter,
            unit=unit,
            resources=len(found),
            floor=_sum([one.floor for one in found]),
            ceiling=_sum([one.ceiling for one in found]),
            price=prices.meters.get(meter),
        )
        for (meter, unit), found in sorted(meters.items())
    )
    return Estimate(
        stack=graph.stack,
        currency=prices.currency,
        as_of=prices.as_of,
        source=prices.source,
        rows=rows,
    )


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def table(one: Estimate) -> Iterator[str]:
    """Yield an estimate as lines of Markdown."""
    dated = f"prices of {one.as_of} from {one.source}" if one.as_of else "NO PRICES WERE EVER READ"
    yield f"### {one.stack}: a month, {one.currency or 'no currency'}, {dated}"
    yield ""
    yield "| meter | unit | resources | at least | at most | price |"
    yield "|---|---|---|---|---|---|"
    for row in one.rows:
        price = "unpriced" if row.price is None else f"{row.price:g}"
        least = "by use" if row.floor is None else f"{row.floor:,.0f}"
        most = "by use" if row.ceiling is None else f"{row.ceiling:,.0f}"
        yield f"| {row.meter} | {row.unit} | {row.resources} | {least} | {most} | {price} |"
    yield ""
    yield f"priced part: {one.floor:,.2f} to {one.ceiling:,.2f} {one.currency}".rstrip()
    yield f"unpriced: {', '.join(one.unpriced) or 'none'}"
    if one.unpriced:
        yield f"make infra-prices STACK={one.stack} reads prices, where {API} can be reached"
    yield f"by use only: {', '.join(one.by_use) or 'none'}"
    yield ""
