"""Prices read from Azure's Retail Prices API, the only source of the price files; no account is needed.

Each meter has a question that ought to have one answer, in the meter's unit. Where it has none,
several, or one in another unit, the meter stays without a price and it is told why: nothing is
chosen by guess.
"""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from eva_infra.cost.prices import Prices

API = "https://prices.azure.com/api/retail/prices"
SLOWEST_S = 30
_LINUX = "productName eq 'Azure App Service Premium v3 Plan - Linux'"
_APPS = "serviceName eq 'Azure Container Apps' and meterName eq"
_COSMOS = "productName eq 'Azure Cosmos DB autoscale' and meterName eq"
_ALERTS = "serviceName eq 'Azure Monitor' and meterName eq 'Alerts System Log Monitored at"
# Filters as the vendor's documentation and price lists spell them, by meter, or by its first word
# where `{size}` is the last one. Those that ask a region are for the region. Assumed, not tried.
FILTERS: Mapping[str, str] = {
    "app-service": f"{_LINUX} and skuName eq '{{size}}'",
    "cosmos.autoscale-100-rus": f"{_COSMOS} '100 RUs'",
    "cosmos.autoscale-100-rus.zones": f"{_COSMOS} '100 RUs - AZ'",
    "private-endpoint": "serviceName eq 'Virtual Network' and meterName eq 'Standard Private Endpoint'",
    "private-dns-zone": "serviceName eq 'Azure DNS' and meterName eq 'Private Zone'",
    "redis": "serviceName eq 'Redis Cache' and skuName eq '{size}'",
    "registry.premium": "serviceName eq 'Container Registry' and meterName eq 'Premium Registry Unit'",
    "front-door.premium": "serviceName eq 'Azure Front Door Service' and meterName eq 'Premium Base Fees'",
    "container-apps.vcpu": f"{_APPS} 'Standard vCPU Active Usage'",
    "container-apps.memory": f"{_APPS} 'Standard Memory Active Usage'",
    "alert.log.PT5M": f"{_ALERTS} 5 Minute Frequency'",
    "alert.log.PT10M": f"{_ALERTS} 10 Minute Frequency'",
    "alert.log.PT15M": f"{_ALERTS} 15 Minute Frequency'",
    "alert.log.PT1H": f"{_ALERTS} 15 Minute Frequency'",  # no slower one has a meter
}
WORLDWIDE = frozenset({"private-endpoint", "private-dns-zone", "front-door.premium"})
# How the answers spell what a price is for, by the last word of our unit.
UNITS: Mapping[str, frozenset[str]] = {
    "hour": frozenset({"1 hour", "1/hour"}),
    "day": frozenset({"1 day", "1/day"}),
    "month": frozenset({"1", "1 month", "1/month"}),
    "second": frozenset({"1 second", "1 gib second"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was read, and of each meter that stays without a price, why."""

    prices: Prices
    unclear: Mapping[str, str]


def questions(
    units: Mapping[str, str], region: str, currency: str, api: str = API
) -> Iterator[tuple[str, str]]:
    """Yield of each meter (with its unit) the address that answers with its price."""
    for meter in sorted(units):
        size = meter.rpartition(".")[2].removeprefix("Balanced_").replace("v3", " v3")
        wanted = (FILTERS.get(meter) or FILTERS[meter.partition(".")[0]]).format(size=size)
        place = "" if meter in WORLDWIDE else f" and armRegionName eq '{region}'"
        kind = " and priceType eq 'Consumption'"
        query = {"currencyCode": f"'{currency}'", "$filter": wanted + place + kind}
        yield meter, f"{api}?{urllib.parse.urlencode(query)}"


def ask(units: Mapping[str, str], region: str, currency: str, today: date, api: str = API) -> Asked:
    """Return today's prices of meters, each given with its unit; OSError when there is no answer."""
    found = {
        meter: _price(_items(address), currency, UNITS[units[meter].rpartition("-")[2]])
        for meter, address in questions(units, region, currency, api)
    }
    prices = Prices(
        region=region,
        currency=currency,
        as_of=today.isoformat(),
        source=api,
        meters={meter: price for meter, price in found.items() if isinstance(price, float)},
    )
    unclear = {meter: why for meter, why in found.items() if isinstance(why, str)}
    return Asked(prices=prices, unclear=unclear)


def _price(items: Iterable[Mapping[str, Any]], currency: str, units: frozenset[str]) -> float | str:
    """Return the one price; else why there is none."""
    paid = [item for item in items if item["retailPrice"]]
    found = {(float(item["retailPrice"]), str(item["unitOfMeasure"])) for item in paid}
    if len(found) != 1:
        return f"{len(found)} prices, not 1"
    [(price, unit)] = found
    if unit.casefold() not in units:
        return f"a price for {unit!r}, not for {min(units)!r}"
    if any(item["currencyCode"] != currency for item in paid):
        return f"a price in {paid[0]['currencyCode']}, not in {currency}"
    return price


def _items(address: str) -> Iterator[Mapping[str, Any]]:
    """Yield what is on every page of an answer."""
    page: str | None = address
    while page:
        content = _page(page)
        yield from content["Items"]
        page = content.get("NextPageLink")


def _page(address: str) -> Mapping[str, Any]:
    """Return what is answered there; OSError that names the host."""
    try:
        with urllib.request.urlopen(  # noqa: S310  # nosec B310
            address, timeout=SLOWEST_S
        ) as answer:
            return cast("Mapping[str, Any]", json.load(answer))
    except (OSError, ValueError) as error:
        raise OSError(f"no prices from {urllib.parse.urlsplit(address).netloc}: {error}") from error
