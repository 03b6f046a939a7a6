"""How trusted issuers of access tokens are described."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from app.settings.declaring import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An OpenID Connect issuer, as the operator describes it; `tenants` maps names to ours."""

    issuer: str
    audiences: tuple[str, ...]
    tenants: Mapping[str, str] = field(hash=False)
    discovery: str = ""
    tenant_claim: str | None = "tid"
    subject_claim: str = "sub"
    policy: str | None = None

    def __str__(self) -> str:
        return self.issuer


def issuers() -> Form[tuple[Issuer, ...]]:
    """Take a JSON list of issuers."""
    return Form(_read, "a JSON list of objects with issuer, audiences and tenants")


def _read(raw: str) -> tuple[Issuer, ...]:
    said = json.loads(raw)
    if not isinstance(said, list):
        raise ValueError(raw)  # noqa: TRY004 - what a form raises
    return tuple(_one(item) for item in said)


def _one(said: object) -> Issuer:
    known = {one.name for one in fields(Issuer)}
    if not isinstance(said, dict) or not {"issuer", "audiences", "tenants"} <= set(said) <= known:
        raise ValueError(said)
    if not isinstance(said["audiences"], list) or not isinstance(said["tenants"], dict):
        raise ValueError(said)  # noqa: TRY004 - what a form raises
    return Issuer(**{**said, "audiences": tuple(said["audiences"])})
