"""Health. `/livez` asks nobody; `/readyz` asks every dependency; the rest are older names."""

import asyncio
import platform
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime

import fastapi
from fastapi import Request
from starlette.responses import Response

from app.core.errors import UnavailableError
from app.web import readiness, shapes
from app.web.answers import Answer
from app.web.openapi.notes import notes
from app.web.problems.rendering import respond
from app.web.readiness import Check
from app.web.routing import group
from app.web.services import CallDep, Services, services_of

router = group("health", prefix="")
_READY = notes(problems=("unavailable",))


@router.get(
    "/livez",
    operation_id="getLiveness",
    response_model=shapes.Health,
    summary="Tell whether the process runs",
)
async def livez(request: Request) -> Response:
    """Answer at once, whatever else is wrong: a failure of a dependency is no reason to restart."""
    return Answer(_health(services_of(request)))


@router.get(
    "/health", operation_id="getHealth", response_model=shapes.Health, summary="Tell the version"
)
async def health(request: Request) -> Response:
    """Answer with the version and the time; asks no dependency."""
    return Answer(_health(services_of(request)))


@router.get(
    "/readyz",
    operation_id="getReadiness",
    response_model=shapes.Readiness,
    summary="Tell whether the service can work",
    openapi_extra=_READY,
)
async def readyz(request: Request) -> Response:
    """Ask every dependency; 503 with the names of those that fail."""
    return await _readiness(request)


@router.get(
    "/health/ready",
    operation_id="getHealthReady",
    response_model=shapes.Readiness,
    summary="Tell whether the service can work",
    openapi_extra=_READY,
)
async def health_ready(request: Request) -> Response:
    """Ask every dependency; 503 with the names of those that fail."""
    return await _readiness(request)


@router.get(
    "/health/detailed",
    operation_id="getHealthDetailed",
    response_model=shapes.DetailedHealth,
    summary="Tell how the service is",
)
async def detailed(call: CallDep) -> Response:
    """Show dependencies and versions; 200 also when a dependency fails.

    Jobs and disk are of all tenants together: they are shown to the operator's administrators only.
    """
    services, principal = call.services, call.principal
    operates = principal.tenant_id == services.operator and principal.space_ids is None
    checks = await readiness.checked(services.ports)
    page: shapes.DetailedHealth = {
        **_health(services),
        "ready": all(check.ok for check in checks.values()),
        "checks": _states(checks),
        "checks_ms": {name: check.ms for name, check in checks.items()},
        "jobs": dict(await services.ports.jobs.depth()) if operates else {},
        "disk": await asyncio.to_thread(_disk, services) if operates else {},
        "versions": {
            "eva": services.version,
            "python": platform.python_version(),
            "fastapi": fastapi.__version__,
        },
    }
    return Answer(page)


async def _readiness(request: Request) -> Response:
    checks = await readiness.checked(services_of(request).ports)
    page: shapes.Readiness = {
        "ready": all(check.ok for check in checks.values()),
        "checks": _states(checks),
        "timestamp": datetime.now(UTC),
    }
    if page["ready"]:
        return Answer(page)
    failing = ", ".join(name for name, check in checks.items() if not check.ok)
    error = UnavailableError(dependency=failing)
    return respond(request.scope, error, more={"ready": False, "checks": page["checks"]})


def _health(services: Services) -> shapes.Health:
    return shapes.Health(status="ok", version=services.version, timestamp=datetime.now(UTC))


def _states(checks: Mapping[str, Check]) -> dict[str, str]:
    return {name: "ok" if check.ok else "failed" for name, check in checks.items()}


def _disk(services: Services) -> dict[str, int]:
    if services.data_dir is None:
        return {}
    total, used, free = shutil.disk_usage(services.data_dir)
    return {"total": total, "used": used, "free": free}
