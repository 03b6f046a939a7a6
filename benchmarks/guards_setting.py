"""A running service for measuring what guards a request."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from starlette.datastructures import Headers

from app.adapters.oidc.dev_issuer import AUDIENCE, DevIssuer, running
from app.core import keys, quotas, spaces
from app.core.access import Principal
from app.core.models import DEFAULT_TENANT, Scope, Tier
from app.core.quotas import Allowance
from app.core.spaces import SpaceContent
from app.main import create_app
from app.settings import Settings
from app.web.recording import ADMITTED, OPERATION
from app.web.services import PRINCIPAL, Services

Work: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The running service, and what a request brings along."""

    app: Any
    services: Services
    principal: Principal
    key: Headers
    token: Headers
    path: str

    def scope(self, headers: Headers | None = None) -> dict[str, Any]:
        """Return a fresh request for the space."""
        return {
            "type": "http", "method": "GET", "path": self.path, "raw_path": self.path.encode(),
            "headers": (headers or self.key).raw, "query_string": b"", "root_path": "",
            "client": ("203.0.113.9", 1), "server": ("eva", 80), "scheme": "http",
            "http_version": "1.1", "state": {"services": self.services}, OPERATION: "getSpace",
            PRINCIPAL: self.principal, ADMITTED: True,
        }  # fmt: skip

    def through(self, app: Any) -> Work:
        return lambda: app(self.scope(), receive, sink)


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def sink(_: Any) -> None:
    return None


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    """Open a service on an empty folder. Requests are counted as ever, and never refused."""
    quotas.ALLOWANCES = {Tier.PRO: Allowance(principal=10**9, tenant=10**9)}
    async with running("127.0.0.1", 0, environment="development") as issuer:
        app = create_app(settings(folder, issuer))
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            services = state["services"]
            wanted = keys.NewKey(name="bench", scopes=tuple(Scope))
            issued = await keys.issue(services.ports, DEFAULT_TENANT, "bench", wanted)
            principal = await keys.authenticate(services.ports, issued.token)
            space = await spaces.create(services.ports, principal, SpaceContent(name="Bench"))
            token = issuer.token({"tid": DEFAULT_TENANT, "sub": "bench", "roles": ["reader"]})
            yield Bench(
                app=app,
                services=services,
                principal=principal,
                key=Headers({"host": "eva", "x-api-key": issued.token}),
                token=Headers({"host": "eva", "authorization": f"Bearer {token}"}),
                path=f"/api/v1/spaces/{space.value.id}",
            )


def settings(folder: Path, issuer: DevIssuer) -> Settings:
    tenants = {DEFAULT_TENANT: DEFAULT_TENANT}
    trust = {"issuer": issuer.url, "audiences": [AUDIENCE], "tenants": tenants}
    return Settings.load(
        {
            "EVA_DATA_DIR": str(folder),
            "EVA_WORKER": "off",
            "EVA_RATE_LIMIT_TIER": "pro",
            "EVA_ADDRESS_LIMIT": "10000000",
            "EVA_OIDC_ISSUERS": json.dumps([trust]),
        }
    )
