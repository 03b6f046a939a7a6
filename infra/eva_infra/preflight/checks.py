"""One function for each thing that must be so; each yields what is not, and what to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from eva_infra.arm.kinds import PATHS
from eva_infra.naming import Names
from eva_infra.preflight.azure_cli import ask, exists
from eva_infra.settings import Settings
from eva_infra.settings.checks import placeholders

VAULTS = "2024-11-01"
GROUPS = "2024-03-01"


@dataclass(frozen=True)
class Deployment:
    """What is about to be deployed, when, and where to."""

    settings: Settings
    today: date = field(default_factory=date.today)

    @cached_property
    def group(self) -> str:
        """Return the id of the stack's resource group."""
        subscription = ask("account", "show")["id"]
        return f"/subscriptions/{subscription}/resourceGroups/{self.name('rg')}"

    @cached_property
    def is_new(self) -> bool:
        """Tell whether nothing of the stack is there yet."""
        return not exists(self.group, GROUPS)

    def name(self, kind: str) -> str:
        """Return a resource's name."""
        return Names.of(self.settings).name(kind)


def own_values(one: Deployment) -> Iterator[str]:
    """Nothing in the stack file stands for something else."""
    yield from placeholders(one.settings)


def signed_in(_: Deployment) -> Iterator[str]:
    """Somebody is signed in to a subscription that is enabled."""
    account = ask("account", "show")
    if account.get("state") != "Enabled":
        yield f"the subscription {account.get('name')!r} is {account.get('state')}"


def regions(one: Deployment) -> Iterator[str]:
    """The subscription may use the stack's regions, and they have zones where zones are wanted."""
    settings = one.settings
    known = {region["name"]: region for region in ask("account", "list-locations")}
    wanted = {settings.location, settings.second_location, settings.models_location} - {""}
    for name in sorted(wanted - set(known)):
        yield f"the subscription has no region {name}"
    if settings.zones and not known.get(settings.location, {}).get("availabilityZoneMappings"):
        yield f"{settings.location} has no availability zones in this subscription"


def providers(_: Deployment) -> Iterator[str]:
    """The subscription knows the kinds of resource that the stack is made of."""
    wanted = {path.split("/")[0] for path in PATHS.values()}
    registered = {
        one["namespace"].casefold()
        for one in ask("provider", "list")
        if one["registrationState"] == "Registered"
    }
    for namespace in sorted(wanted):
        if namespace.casefold() not in registered:
            yield f"run `az provider register --namespace {namespace}`"


def models(one: Deployment) -> Iterator[str]:
    """The language models are offered in their region."""
    region = one.settings.models_location or one.settings.location
    offered = {_offer(row) for row in ask("cognitiveservices", "model", "list", "-l", region)}
    for model in one.settings.models:
        if (model.model, model.version) not in offered:
            yield f"{model.model} {model.version} is not offered in {region}"


def quota(one: Deployment) -> Iterator[str]:
    """There is quota left for the deployments of language models."""
    region = one.settings.models_location or one.settings.location
    usage = ask("cognitiveservices", "usage", "list", "-l", region)
    rows = {row["name"]["value"]: row for row in usage}
    for model in one.settings.models:
        name = f"OpenAI.{model.sku}.{model.model}"
        row = rows.get(name)
        if row is None:
            yield f"no quota is known for {name} in {region}"
        elif _left(row, one) < model.capacity:
            yield f"{name}: {_left(row, one):g} left in {region}, {model.capacity} wanted"


def secrets(one: Deployment) -> Iterator[str]:
    """Every secret that the service is given is in the vault."""
    vault = f"{one.group}/providers/Microsoft.KeyVault/vaults/{one.name('kv')}"
    if one.settings.secrets and not exists(vault, VAULTS):
        yield "the vault is not there yet: run `eva-infra up --bootstrap`, then put secrets in"
        return
    for setting, secret in sorted(one.settings.secrets.items()):
        if not exists(f"{vault}/secrets/{secret}", VAULTS):
            yield f"the vault has no secret {secret!r}, which is to be {setting}"


def budget(one: Deployment) -> Iterator[str]:
    """A budget that is made now does not begin in an earlier month: Azure refuses that."""
    if one.is_new and one.settings.budget_start < one.today.replace(day=1):
        yield f"budgetStart: {one.settings.budget_start} has passed"


def _offer(row: Any) -> tuple[str, str]:  # noqa: ANN401
    model = row.get("model", row)
    return model["name"], model["version"]


def _left(row: Any, one: Deployment) -> float:  # noqa: ANN401
    """Return what is left; what an existing stack uses already is its own."""
    used = row["currentValue"] if one.is_new else 0
    return float(row["limit"]) - float(used)


Check = Callable[[Deployment], Iterator[str]]
CHECKS: Sequence[Check] = (
    own_values,
    signed_in,
    regions,
    providers,
    models,
    quota,
    secrets,
    budget,
)
