"""Prices of a region, as they were on a day; a meter that is not in the file has none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of one unit by meter; `as_of` and `source`: when and where they were read, if ever."""

    region: str
    currency: str
    as_of: str | None
    source: str | None
    meters: Mapping[str, float]


def read(region: str, folder: Path = FOLDER) -> Prices:
    """Return the prices of a region; none where there is no file."""
    path = folder / f"{region}.json"
    if not path.is_file():
        return Prices(region=region, currency="", as_of=None, source=None, meters={})
    content = json.loads(path.read_text())
    return Prices(
        region=content["region"],
        currency=content["currency"],
        as_of=content["as_of"],
        source=content["source"],
        meters=content["meters"],
    )


def write(prices: Prices, folder: Path = FOLDER) -> Path:
    """Write the prices of a region, and return where."""
    path = folder / f"{prices.region}.json"
    content = {
        "region": prices.region,
        "currency": prices.currency,
        "as_of": prices.as_of,
        "source": prices.source,
        "meters": dict(sorted(prices.meters.items())),
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path
