"""What settings may not say together, and what only stands for values of your own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eva_infra.containers import declared, vectors_container
from eva_infra.settings.of_service import DECIDED, left_to_owners
from eva_infra.settings.regions import REGIONS

if TYPE_CHECKING:
    from eva_infra.settings.stack import Settings

NO_DIGEST = "0" * 64
NO_REPOSITORY = "example-"
NO_ID = "0"
NO_DOMAIN = "example.org"
_LEAST_IN_PROD = 3  # one for each zone


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield what is wrong though each setting alone is right."""
    if settings.most_instances < settings.least_instances:
        yield f"mostInstances: {settings.most_instances} is less than leastInstances"
    if settings.second_location == settings.location:
        yield "secondLocation: is the same as location"
    if settings.zones and not REGIONS[settings.location].zones:
        yield f"zones: {settings.location} has no availability zones"
    if settings.zones and settings.storage_sku == "Standard_LRS":
        yield "storageSku: Standard_LRS keeps all copies in one zone, but zones are asked for"
    if not settings.edge and not settings.allowed_addresses:
        yield "allowedAddresses: is empty and there is no edge, so nobody could call"
    if settings.domain and not settings.edge:
        yield "domain: there is no edge to give it to"
    yield from _of_service(settings)
    yield from _of_models(settings)
    if settings.environment == "prod":
        yield from _in_production(settings)


def _of_service(settings: Settings) -> Iterator[str]:
    for name in sorted(set(settings.service) - set(left_to_owners())):
        yield f"service: {name} is not left to a stack file; see {DECIDED.name}"


def _of_models(settings: Settings) -> Iterator[str]:
    roles = [model.role for model in settings.models]
    if sorted(roles) != ["answers", "embeddings"]:
        yield f"models: one for answers and one for embeddings are needed, not {roles}"
    for model in settings.models:
        if model.role == "embeddings" and not vectors_container(model.deployment, declared()):
            yield f"models: no container is declared for vectors of {model.deployment!r}"


def _in_production(settings: Settings) -> Iterator[str]:
    for name in ("zones", "protect", "edge"):
        if not getattr(settings, name):
            yield f"{name}: production needs it"
    if not settings.second_location:
        yield "secondLocation: production needs one"
    if settings.least_instances < _LEAST_IN_PROD:
        yield f"leastInstances: production needs {_LEAST_IN_PROD}, one for each zone"
    if settings.waf_mode != "Prevention":
        yield "wafMode: production needs Prevention"


def placeholders(settings: Settings) -> Iterator[str]:
    """Yield what must be replaced before this stack can be deployed."""
    if settings.repository.startswith(NO_REPOSITORY):
        yield f"repository: {settings.repository!r} stands for your own"
    for name, value in (("ownerId", settings.owner_id), ("repositoryId", settings.repository_id)):
        if value == NO_ID:
            yield f"{name}: 0 stands for your own"
    if settings.image.endswith(NO_DIGEST):
        yield "image: the digest of zeros stands for the one that was built"
    if settings.domain.endswith(NO_DOMAIN):
        yield f"domain: {settings.domain!r} stands for your own"
    if any(email.endswith(NO_DOMAIN) for email in settings.alert_emails):
        yield "alertEmails: example.org stands for your own"
