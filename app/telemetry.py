"""Telemetry as the settings want it. Imported adapters are those of telemetry only."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from app.core import budgets
from app.core.budgets import MILLIONTHS
from app.core.ports import Ports
from app.settings import Settings

if TYPE_CHECKING:
    from app.adapters.telemetry import Telemetry

METRICS_PORT = 9464  # where Prometheus looks for OpenTelemetry's
# What stands behind which port, by backend.
DEPENDENCIES = {
    "embedded": {
        "records": "sqlite",
        "keys": "sqlite",
        "jobs": "sqlite",
        "audit": "sqlite",
        "blobs": "files",
        "index": "files",
    },
    "azure": {
        "records": "cosmos",
        "keys": "cosmos",
        "jobs": "cosmos",
        "index": "cosmos",
        "audit": "cosmos",
        "blobs": "blob",
    },
}


def chosen(settings: Settings, *, role: str, version: str) -> "Telemetry | None":
    """Return what measures; None (and nothing is imported) if nobody would see it."""
    sent = settings.otel_enabled and (settings.azure_monitor or settings.otel_endpoint)
    if not sent and not settings.metrics_port:
        return None
    from app.adapters.telemetry import Sending, telemetry

    return telemetry(
        Sending(
            azure_connection=settings.azure_monitor if sent else None,
            collector=settings.otel_endpoint if sent else None,
            prometheus=_prometheus(settings),
            traces_per_second=settings.traces_per_second,
            every_s=settings.telemetry_every_s,
            folder=settings.data_dir / "telemetry",
            role=role,
            backend=settings.backend,
            version=version,
            environment=settings.environment,
        )
    )


def _prometheus(settings: Settings) -> tuple[str, int] | None:
    return (settings.metrics_host, settings.metrics_port) if settings.metrics_port else None


def _roles(role: str, settings: Settings) -> tuple[str, ...]:
    """Return the roles that a process plays: one that serves may work as well."""
    return (role, "worker") if settings.worker and role != "worker" else (role,)


def _shown(settings: Settings) -> tuple[str, ...]:
    """Return the names of the service that clients see a certificate of."""
    if not settings.require_https:
        return ()
    return tuple(host for host in settings.allowed_hosts if not host.startswith("*."))


@contextlib.asynccontextmanager
async def observed(
    telemetry: "Telemetry | None", ports: Ports, settings: Settings
) -> AsyncIterator[Ports]:
    """Measure and send for the duration of the context; yields the ports to be used within."""
    if telemetry is None:
        yield ports
        return
    from app.adapters.telemetry import Gauges, Meters, Prices, Sealing, observed

    sealing = Sealing()

    def looking(meters: Meters) -> Gauges:
        return Gauges(
            meters,
            ports,
            about={"backend": settings.backend, "version": telemetry.sending.version},
            roles=_roles(telemetry.sending.role, settings),
            data_dir=settings.data_dir if settings.backend == "embedded" else None,
            budgets=tuple(budgets.parse(one) for one in settings.budgets),
            sealing=sealing,
            hosts=_shown(settings),
        )

    charged = budgets.Prices(
        prompt=round(settings.prompt_price * MILLIONTHS),
        completion=round(settings.completion_price * MILLIONTHS),
    )
    question = round(settings.question_price * MILLIONTHS)
    async with telemetry.open(looking):
        yield observed(
            ports,
            DEPENDENCIES[settings.backend],
            Prices(question=question, of_tokens=charged.of_tokens),
            sealing,
        )
