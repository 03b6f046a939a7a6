"""What every operation works with: the ports, the live queries, the worker, the limits."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypedDict, cast

from fastapi import Depends, Request

from app.core.access import Principal
from app.core.idempotency import derived_id
from app.core.live import Live
from app.core.models import DEFAULT_TENANT
from app.core.places import Places
from app.core.ports import Ports
from app.core.quotas import Quotas
from app.core.work import Worker
from app.web.listeners import Listeners

PRINCIPAL = "eva.principal"  # set in the scope by `guard.GuardedRoute`
CLIENT = "eva.client"  # set in the scope by `limits.AddressLimit`: whom it counts as one client
SEED = "eva.seed"  # set in the scope by `once`


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request may ask for."""

    max_upload_bytes: int = 100 * 1024 * 1024
    max_json_bytes: int = 1024 * 1024
    max_wait_s: float = 60.0
    request_s: float | None = None  # by when it is answered; None: nothing is far enough to wait
    heartbeat_s: float = 15.0
    rate_limit_headers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Opened once, when the application starts. `worker` is None if another process works."""

    ports: Ports
    quotas: Quotas
    live: Live
    worker: Worker | None
    listeners: Listeners
    limits: Limits
    version: str
    operator: str = DEFAULT_TENANT  # the tenant whose administrators run the service
    data_dir: Path | None = None
    answers: Places = field(default_factory=lambda: Places(200))  # in this process, at a time


class State(TypedDict):
    """What the lifespan gives to every request."""

    services: Services


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    request: Request
    services: Services
    principal: Principal

    @property
    def ports(self) -> Ports:
        """Return the ports."""
        return self.services.ports

    def id_for(self, prefix: str) -> str | None:
        """Return the id that an idempotent call gives to what it makes; None to mint one."""
        seed = self.request.scope.get(SEED)
        return None if seed is None else derived_id(prefix, seed)


def services_of(request: Request) -> Services:
    """Return the services that the lifespan opened."""
    return cast("State", request.scope["state"])["services"]


async def call_of(request: Request) -> Call:
    """Return the authenticated request."""
    return Call(request, services_of(request), request.scope[PRINCIPAL])


CallDep = Annotated[Call, Depends(call_of)]
