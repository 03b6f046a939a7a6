"""How much of each meter a stack uses in a month of 730 hours."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eva_infra.recording import Graph, Recorded

HOURS = 730
SECONDS = HOURS * 3600
AUTOSCALE_FLOOR = 0.1  # Cosmos bills a tenth of the maximum when nothing is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Units of a meter, at least and at most; None where only use decides."""

    meter: str
    unit: str
    of: str
    floor: float | None
    ceiling: float | None


def quantities(graph: Graph) -> Iterator[Quantity]:
    """Yield what each resource of a stack uses of which meter."""
    for one in graph.custom:
        rule = _RULES.get(one.kind)
        if rule:
            yield from rule(one, graph)


def _fixed(meter: str, unit: str, amount: float) -> "_Rule":
    def rule(one: Recorded, _: Graph) -> Iterator[Quantity]:
        yield Quantity(meter=meter, unit=unit, of=one.name, floor=amount, ceiling=amount)

    return rule


def _by_use(*meters: tuple[str, str]) -> "_Rule":
    def rule(one: Recorded, _: Graph) -> Iterator[Quantity]:
        for meter, unit in meters:
            yield Quantity(meter=meter, unit=unit, of=one.name, floor=None, ceiling=None)

    return rule


def _plan(one: Recorded, graph: Graph) -> Iterator[Quantity]:
    least = one.inputs["sku"]["capacity"]
    scaled = [
        int(p["capacity"]["maximum"])
        for a in graph.of("monitor:AutoscaleSetting")
        for p in a.inputs["profiles"]
    ]
    most = max(scaled, default=least)
    yield Quantity(
        meter=f"app-service.{one.inputs['sku']['name']}",
        unit="instance-hour",
        of=one.name,
        floor=least * HOURS,
        ceiling=most * HOURS,
    )


def _container(one: Recorded, graph: Graph) -> Iterator[Quantity]:
    [account] = graph.of("cosmosdb:DatabaseAccount")
    regions = account.inputs["locations"]
    zones = any(region.get("isZoneRedundant") for region in regions)
    most = one.inputs["options"]["autoscaleSettings"]["maxThroughput"] / 100 * len(regions) * HOURS
    yield Quantity(
        meter="cosmos.autoscale-100-rus" + (".zones" if zones else ""),
        unit="100 RU/s-hour",
        of=one.name,
        floor=most * AUTOSCALE_FLOOR,
        ceiling=most,
    )


def _redis(one: Recorded, _: Graph) -> Iterator[Quantity]:
    nodes = 2 if one.inputs["highAvailability"] == "Enabled" else 1
    meter = f"redis.{one.inputs['sku']['name']}"
    hours = nodes * HOURS
    yield Quantity(meter=meter, unit="node-hour", of=one.name, floor=hours, ceiling=hours)


def _alert(one: Recorded, _: Graph) -> Iterator[Quantity]:
    meter = f"alert.log.{one.inputs['evaluationFrequency']}"
    yield Quantity(meter=meter, unit="rule-month", of=one.name, floor=1, ceiling=1)


def _app(one: Recorded, _: Graph) -> Iterator[Quantity]:
    scale: Mapping[str, Any] = one.inputs["template"]["scale"]
    resources = one.inputs["template"]["containers"][0]["resources"]
    gigabytes = float(str(resources["memory"]).removesuffix("Gi"))
    for meter, unit, each in (
        ("container-apps.vcpu", "vCPU-second", resources["cpu"]),
        ("container-apps.memory", "GiB-second", gigabytes),
    ):
        yield Quantity(
            meter=meter,
            unit=unit,
            of=one.name,
            floor=scale["minReplicas"] * each * SECONDS,
            ceiling=scale["maxReplicas"] * each * SECONDS,
        )


def _model(one: Recorded, _: Graph) -> Iterator[Quantity]:
    model, sku = one.inputs["properties"]["model"]["name"], one.inputs["sku"]["name"]
    for way in ("in", "out"):
        meter = f"openai.{model}.{sku}.{way}"
        yield Quantity(meter=meter, unit="1000 tokens", of=one.name, floor=None, ceiling=None)


_Rule = Callable[[Recorded, Graph], Iterator[Quantity]]
_RULES: Mapping[str, _Rule] = {
    "web:AppServicePlan": _plan,
    "cosmosdb:SqlResourceSqlContainer": _container,
    "cosmosdb:DatabaseAccount": _by_use(
        ("cosmos.storage", "GB-month"), ("cosmos.backup-30-days", "GB-month")
    ),
    "storage:StorageAccount": _by_use(("blob.storage", "GB-month"), ("blob.operations", "10000")),
    "cognitiveservices:Deployment": _model,
    "keyvault:Vault": _by_use(("vault.operations", "10000")),
    "network:PrivateEndpoint": _fixed("private-endpoint", "endpoint-hour", HOURS),
    "privatedns:PrivateZone": _fixed("private-dns-zone", "zone-month", 1),
    "redisenterprise:RedisEnterprise": _redis,
    "containerregistry:Registry": _fixed("registry.premium", "registry-day", HOURS / 24),
    "cdn:Profile": _fixed("front-door.premium", "profile-month", 1),
    "cdn:AFDEndpoint": _by_use(("front-door.requests", "10000"), ("front-door.egress", "GB")),
    "operationalinsights:Workspace": _by_use(("logs.ingested", "GB"), ("logs.kept", "GB-month")),
    "monitor:ScheduledQueryRule": _alert,
    "app:ContainerApp": _app,
}
