"""Prices read from Azure's Retail Prices API, the only source of the price files.

A meter is asked for with a filter that ought to fit one price only. Where it fits none or several,
the meter stays without a price and is told: nothing is chosen by guess.
"""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from eva_infra.cost.prices import Prices

API = "https://prices.azure.com/api/retail/prices"
SLOWEST_S = 30
# Filters as the vendor's documentation spells them; `{region}` is filled in. Assumed, not tried.
FILTERS: Mapping[str, str] = {
    "app-service.P0v3": "armRegionName eq '{region}' and productName eq 'Azure App Service Premium v3 Plan - Linux' and skuName eq 'P0 v3'",
    "app-service.P1v3": "armRegionName eq '{region}' and productName eq 'Azure App Service Premium v3 Plan - Linux' and skuName eq 'P1 v3'",
    "cosmos.autoscale-100-rus": "armRegionName eq '{region}' and productName eq 'Azure Cosmos DB autoscale' and meterName eq '100 RUs'",
    "cosmos.autoscale-100-rus.zones": "armRegionName eq '{region}' and productName eq 'Azure Cosmos DB autoscale' and meterName eq '100 RUs - AZ'",
    "private-endpoint": "serviceName eq 'Virtual Network' and meterName eq 'Standard Private Endpoint'",
    "private-dns-zone": "serviceName eq 'Azure DNS' and meterName eq 'Private Zone'",
    "redis.Balanced_B0": "armRegionName eq '{region}' and serviceName eq 'Redis Cache' and skuName eq 'B0'",
    "redis.Balanced_B1": "armRegionName eq '{region}' and serviceName eq 'Redis Cache' and skuName eq 'B1'",
    "redis.Balanced_B5": "armRegionName eq '{region}' and serviceName eq 'Redis Cache' and skuName eq 'B5'",
    "registry.premium": "armRegionName eq '{region}' and serviceName eq 'Container Registry' and meterName eq 'Premium Registry Unit'",
    "front-door.premium": "serviceName eq 'Azure Front Door Service' and meterName eq 'Premium Base Fees'",
    "container-apps.vcpu": "armRegionName eq '{region}' and serviceName eq 'Azure Container Apps' and meterName eq 'Standard vCPU Active Usage'",
    "container-apps.memory": "armRegionName eq '{region}' and serviceName eq 'Azure Container Apps' and meterName eq 'Standard Memory Active Usage'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was read, and which meters fitted none or several prices."""

    prices: Prices
    unclear: Mapping[str, int]


def ask(region: str, currency: str, today: date, api: str = API) -> Asked:
    """Return today's prices of a region; OSError when they cannot be read."""
    meters: dict[str, float] = {}
    unclear: dict[str, int] = {}
    for meter, written in FILTERS.items():
        found = _prices(api, currency, written.format(region=region))
        if len(found) == 1:
            meters[meter] = found.pop()
        else:
            unclear[meter] = len(found)
    prices = Prices(region=region, currency=currency, as_of=today.isoformat(), meters=meters)
    return Asked(prices=prices, unclear=unclear)


def _prices(api: str, currency: str, wanted: str) -> set[float]:
    query = urllib.parse.urlencode(
        {"currencyCode": f"'{currency}'", "$filter": f"{wanted} and priceType eq 'Consumption'"}
    )
    with urllib.request.urlopen(f"{api}?{query}", timeout=SLOWEST_S) as answer:  # noqa: S310  # nosec B310
        content: Mapping[str, Any] = json.load(answer)
    return {float(item["retailPrice"]) for item in content["Items"] if item["retailPrice"]}
