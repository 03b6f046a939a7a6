"""The application: start reading here. Serve it with `uvicorn app.main:create_app --factory`.

`create_app` builds the HTTP face; the lifespan opens what stands behind it (`wiring`) and, unless
another process works, starts the worker. Nothing happens at import.
"""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib.metadata import version
from ipaddress import ip_network
from typing import TYPE_CHECKING

from fastapi import FastAPI

from app import telemetry, worker
from app.core.live import Live
from app.core.places import Places
from app.settings import Settings
from app.web.addresses import Proxies
from app.web.application import Application, OutsideRules
from app.web.body import BodyRules
from app.web.entrance import EntranceRules
from app.web.limits import AddressRules
from app.web.listeners import Listeners
from app.web.services import Limits, Services, State
from app.web.shedding import Room
from app.wiring import open_ports, open_quotas

if TYPE_CHECKING:
    from app.adapters.telemetry import Telemetry


def create_app(settings: Settings | None = None) -> Application:
    """Return the application; settings are read from the environment if not given."""
    chosen = settings or Settings.load()
    signals = telemetry.chosen(chosen, role="api", version=_version(chosen))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            yield {"services": await _opened(chosen, stack, signals)}

    app = Application(
        lifespan=lifespan,
        version=version("eva-api"),
        outside=_outside_rules(chosen),
        bodies=BodyRules(
            limit_bytes=chosen.max_json_bytes,
            pause_s=chosen.body_pause_s,
            bytes_a_second=chosen.body_pace,
        ),
        room=_room(chosen),
    )
    if signals is not None:
        app.measure(signals.traces)
    return app


def _outside_rules(settings: Settings) -> OutsideRules:
    proxies = Proxies([ip_network(one) for one in settings.trusted_proxies])
    return OutsideRules(
        addresses=_address_rules(settings, proxies),
        entrance=EntranceRules(
            hosts=settings.allowed_hosts, https=settings.require_https, proxies=proxies
        ),
        origins=settings.allowed_origins,
        refusals=settings.refusal_alarm,
    )


def _room(settings: Settings) -> Room:
    """Return how much may be under way; on Azure most of it waits for others' work."""
    embedded = settings.backend == "embedded"
    late_ms, reads_ms, few = (5.0, 0.0, 8) if embedded else (100.0, 200.0, 24)
    if settings.shed_after_ms is not None:
        late_ms = settings.shed_after_ms
    if settings.shed_reads_after_ms is not None:
        reads_ms = settings.shed_reads_after_ms
    return Room(
        tolerated_s=late_ms / 1000, few=few, most=settings.max_requests, reads_s=reads_ms / 1000
    )


def _address_rules(settings: Settings, proxies: Proxies) -> AddressRules:
    """Return what one address may do; what is not said is no limit in development only."""
    if not settings.rate_limit_enabled:
        return AddressRules(proxies=proxies)
    requests, failures = (0, 0) if settings.environment == "development" else (6_000, 30)
    return AddressRules(
        requests=requests if settings.address_limit is None else settings.address_limit,
        failures=failures if settings.failure_limit is None else settings.failure_limit,
        proxies=proxies,
    )


def _version(settings: Settings) -> str:
    """Return which version this is, with the build that it was deployed as (semver.org, 10)."""
    number = version("eva-api")
    return f"{number}+{settings.build}" if settings.build else number


async def _opened(
    settings: Settings, stack: AsyncExitStack, signals: "Telemetry | None"
) -> Services:
    """Open everything that requests work with, to be closed with the stack."""
    live = Live()
    opened = await stack.enter_async_context(open_ports(settings))
    ports = await stack.enter_async_context(telemetry.observed(signals, opened, settings))
    quotas = await stack.enter_async_context(open_quotas(settings))
    running = None
    if settings.worker:
        running = await stack.enter_async_context(
            worker.start(ports, live, settings, signals.traces if signals else None)
        )
    alone = settings.backend == "embedded"  # one process serves a data folder
    listeners = Listeners(ports, live, grace_s=settings.sse_grace_s if alone else None)
    stack.push_async_callback(listeners.close)
    return Services(
        ports=ports,
        quotas=quotas,
        live=live,
        worker=running,
        listeners=listeners,
        answers=Places(settings.answers_at_once),
        limits=Limits(
            max_upload_bytes=settings.max_upload_bytes,
            max_json_bytes=settings.max_json_bytes,
            max_wait_s=settings.max_wait_s,
            request_s=None if settings.backend == "embedded" else settings.request_timeout_s,
            heartbeat_s=settings.sse_heartbeat_s,
            rate_limit_headers=settings.rate_limit_headers,
        ),
        version=_version(settings),
        operator=settings.operator_tenant,
        data_dir=settings.data_dir if settings.backend == "embedded" else None,
    )
