"""The settings of a stack: declared once, read once, wrong ones refused before anything is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from ipaddress import IPv4Network
from typing import Any, Self, TypeVar

from eva_infra.settings.checks import contradictions
from eva_infra.settings.models import Model, model
from eva_infra.settings.profiles import PROFILES
from eva_infra.settings.reading import (
    Form,
    SettingsError,
    choice,
    flag,
    month,
    network,
    several,
    table,
    text,
    whole,
)
from eva_infra.settings.regions import REGIONS

T = TypeVar("T")
_REQUIRED = object()
_EMAIL = text(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")
_VARIABLE = text(r"[A-Z][A-Z0-9_]*", "the name of a setting of the service")
_SECRET = text(r"[a-z][a-z0-9-]{1,126}", "the name of a secret in the vault")
_DOMAIN = r"(?=.{0,253}$)((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})?"
_IMAGE = "a repository with a digest, without its registry"
_ID = text(r"\d+", "a number that GitHub gave")


def _setting(form: Form[T], about: str, default: Any = _REQUIRED) -> T:  # noqa: ANN401
    made: T = field(metadata={"form": form, "about": about, "default": default})
    return made


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One stack. In its file a setting is called as here, in camelCase, after `eva-api:`."""

    environment: str = _setting(choice(*PROFILES), "the kind of environment, and the stack's name")
    location: str = _setting(choice(*REGIONS), "the region of everything that has one")
    second_location: str = _setting(
        choice("", *REGIONS), "the region to which data is replicated; empty: none", ""
    )
    models_location: str = _setting(
        choice("", *REGIONS), "the region of the language models; empty: the same", ""
    )
    owner: str = _setting(text(r"[\w .@-]{3,64}", "a team"), "who answers for the stack")
    cost_center: str = _setting(text(r"[\w-]{2,32}", "a cost centre"), "who pays")
    hosting: str = _setting(
        choice("appservice", "containerapps"), "what runs the service", "appservice"
    )
    image: str = _setting(
        text(r"(?![^/@]*\.[^@]*/)[a-z0-9][a-z0-9/._-]*@sha256:[0-9a-f]{64}", _IMAGE),
        "the image of the service in the stack's registry",
    )
    repository: str = _setting(text(r"[\w.-]+/[\w.-]+", "owner/name"), "the GitHub repository")
    owner_id: str = _setting(_ID, "the id of that owner, which no rename changes")
    repository_id: str = _setting(_ID, "the id of that repository")
    network: IPv4Network = _setting(network(16, 22), "the addresses of the virtual network")
    called_addresses: tuple[IPv4Network, ...] = _setting(
        several(Form(IPv4Network, "an IPv4 network")),
        "what the service may call besides the stack and Microsoft Entra ID",
        (),
    )
    edge: bool = _setting(flag(), "whether Front Door and its firewall stand in front")
    domain: str = _setting(
        text(_DOMAIN, "empty or a name such as api.example.ca"),
        "the service's own name at the edge; empty: only Front Door's",
        "",
    )
    allowed_addresses: tuple[IPv4Network, ...] = _setting(
        several(Form(IPv4Network, "an IPv4 network")), "who may call where there is no edge", ()
    )
    waf_mode: str = _setting(choice("Detection", "Prevention"), "what the firewall does")
    models: tuple[Model, ...] = _setting(several(model(), 1), "deployments of language models")
    secrets: Mapping[str, str] = _setting(
        table(_VARIABLE, _SECRET), "settings of the service that are secrets in the vault", {}
    )
    service: Mapping[str, str] = _setting(
        table(_VARIABLE, text(r"[^\n]+", "a line")),
        "settings of the service that the stack leaves to its owner",
        {},
    )
    alert_emails: tuple[str, ...] = _setting(several(_EMAIL, 1), "who is told of alerts")
    monthly_budget: int = _setting(whole(1, 1_000_000), "how much a month may cost")
    budget_start: date = _setting(month(), "since when the budget counts")
    zones: bool = _setting(flag(), "whether all is spread over availability zones")
    protect: bool = _setting(flag(), "whether data and the resource group refuse deletion")
    plan_sku: str = _setting(
        choice("P0v3", "P1v3", "P2v3", "P3v3"), "the size of App Service instances"
    )
    least_instances: int = _setting(whole(1, 30), "how many instances run at least")
    most_instances: int = _setting(whole(1, 30), "how many instances run at most")
    cosmos_max_rus: int = _setting(
        whole(1000, 1_000_000, 1000), "the most request units a second of a busy container"
    )
    redis_sku: str = _setting(text(r"Balanced_B\d+", "a Balanced_B… size"), "the size of the cache")
    storage_sku: str = _setting(
        choice("Standard_LRS", "Standard_ZRS", "Standard_GZRS"), "how storage is replicated"
    )
    private_queries: bool = _setting(
        flag(), "whether logs are read from the network only, also by people and pipelines", False
    )
    log_days: int = _setting(whole(30, 730), "how long logs are kept")
    audit_days: int = _setting(whole(1, 146_000), "how long the audit trail cannot be changed")

    @classmethod
    def read(cls, stack: str, values: Mapping[str, str]) -> Self:
        """Return the settings that `values` give; SettingsError names each that is wrong."""
        problems = [f"{name}: no such setting" for name in sorted(set(values) - set(names()))]
        environment = values.get("environment", "")
        if environment in PROFILES and environment != stack:
            problems.append(f"environment: {environment!r} is not the stack {stack!r}")
        found: dict[str, Any] = {}
        for one in fields(cls):
            try:
                found[one.name] = _value(one.name, one.metadata, values)
            except ValueError as wrong:
                problems.append(str(wrong))
        if problems:
            raise SettingsError(problems)
        settings = cls(**found)
        if problems := list(contradictions(settings)):
            raise SettingsError(problems)
        return settings


def names() -> tuple[str, ...]:
    """Return what the settings are called in a stack file."""
    return tuple(camel(one.name) for one in fields(Settings))


def camel(name: str) -> str:
    """Return a Python name as a stack file writes it."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _value(name: str, said: Mapping[str, Any], values: Mapping[str, str]) -> Any:  # noqa: ANN401
    written = values.get(camel(name))
    if written is None:
        profile = PROFILES.get(values.get("environment", ""), {})
        default = profile.get(name, said["default"])
        if default is _REQUIRED:
            raise ValueError(f"{camel(name)}: is missing ({said['about']})")
        return default
    form: Form[Any] = said["form"]
    try:
        return form.read(written)
    except (ValueError, TypeError, KeyError) as wrong:
        shown = written if len(written) <= 80 else f"{written[:80]}…"  # noqa: PLR2004
        why = f" ({wrong})" if str(wrong) not in {written, repr(written)} else ""
        raise ValueError(f"{camel(name)}: {shown!r} is not {form.allowed}{why}") from wrong
