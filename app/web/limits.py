"""Limits: of an address before anybody is asked who they are, of a principal right after.

Addresses are counted in this process by slowapi, but not by its decorators or middleware: those
leave out included routers, paths that are no route, and websockets. Here everything that comes is
counted before anything of it is looked at.
"""

import time
from dataclasses import dataclass, field
from math import ceil

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from slowapi import Limiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.access import Principal
from app.core.errors import RateLimitedError, UnauthenticatedError
from app.core.quotas import POLICIES, WINDOW_S, Standing
from app.web import auth
from app.web.addresses import Proxies
from app.web.recording import ADMITTED
from app.web.refusing import refuse
from app.web.services import CLIENT, PRINCIPAL, Services

_VISITOR = "eva.visitor"
_STANDING = "eva.standing"
_SWEEP_S = 30.0


class SweptAddresses(MemoryStorage):
    """Counters in memory. The library's own start a thread every 10 ms; these don't."""

    STORAGE_SCHEME = ("swept-addresses",)  # type: ignore[assignment]  # a list, but never changed

    def __init__(self, _uri: str | None = None, **_: str) -> None:
        super().__init__()
        self.timer.join()
        self._swept_at = time.monotonic()

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 - replaces the library's
        now = time.monotonic()
        if now - self._swept_at >= _SWEEP_S:
            self._swept_at = now
            self._sweep(time.time())

    def _sweep(self, now: float) -> None:
        for key in [key for key, end in self.expirations.items() if end <= now]:
            self.storage.pop(key, None)
            self.expirations.pop(key, None)
            self.locks.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRules:
    """What one address may do in a minute (0: anything), and whose word on addresses is taken."""

    requests: int = 0
    failures: int = 0  # credentials that are refused
    proxies: Proxies = field(default_factory=Proxies)


class AddressLimit:
    """Pure ASGI middleware that counts every request and websocket by its client's address."""

    def __init__(self, app: ASGIApp, rules: AddressRules) -> None:
        self._app = app
        self._rules = rules
        # Everything is said here, so that no RATELIMIT_… variable can change it.
        self._limiter = Limiter(
            key_func=lambda: "",
            storage_uri="swept-addresses://",
            strategy="sliding-window-counter",
        )
        self._requests = _a_minute(rules.requests, "requests")
        self._failures = _a_minute(rules.failures, "failures")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what its address may still ask; else answer 429."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        client = scope[CLIENT] = self._rules.proxies.client(scope)
        scope[_VISITOR] = self
        try:
            self._take(self._requests, client)
        except RateLimitedError as error:
            await refuse(error, scope, receive, send)
            return
        scope[ADMITTED] = True
        await self._app(scope, receive, _Telling(scope, send))

    def failed(self, client: str) -> None:
        """Count a refused credential; RateLimitedError if its address had too many of them."""
        self._take(self._failures, client)

    def _take(self, item: RateLimitItem | None, client: str) -> None:
        if item is None or self._limiter.limiter.hit(item, client):
            return
        until = self._limiter.limiter.get_window_stats(item, client).reset_time
        wait_s = max(1, ceil(until - time.time()))
        raise RateLimitedError(limit=item.amount, window=WINDOW_S, retry_after=wait_s)


async def admit(request: Request, services: Services, operation: str) -> Principal:
    """Return who is calling, once the call is counted.

    Raises UnauthenticatedError, RateLimitedError, BudgetExceededError.

    A good credential is never refused for the failures of others at its address: they may share
    no more than a network's way out.
    """
    try:
        principal = await auth.authenticate(services.ports, request.headers)
    except UnauthenticatedError:
        _credential_refused(request)
        raise
    request.scope[PRINCIPAL] = principal
    await services.quotas.require(principal, POLICIES[operation])
    await services.ports.meter.request(principal.tenant_id, principal.id)
    if services.limits.rate_limit_headers:
        request.scope[_STANDING] = await services.quotas.standing(principal)
    return principal


def _credential_refused(request: Request) -> None:
    visitor = request.scope.get(_VISITOR)
    if isinstance(visitor, AddressLimit):
        visitor.failed(request.scope[CLIENT])


class _Telling:
    """Sends what it is given, with how the caller stands if that is known.

    The headers are those of draft-ietf-httpapi-ratelimit-headers-11.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send

    async def __call__(self, message: Message) -> None:
        standing: Standing | None = self._scope.get(_STANDING)
        if standing is not None and message["type"] == "http.response.start":
            policy = f'"minute";q={standing.limit};w={WINDOW_S}'
            told = f'"minute";r={standing.left};t={standing.reset_s}'
            message["headers"] = [
                *message["headers"],
                (b"ratelimit-policy", policy.encode()),
                (b"ratelimit", told.encode()),
            ]
        await self._send(message)


def _a_minute(amount: int, what: str) -> RateLimitItem | None:
    if amount == 0:
        return None
    item = parse(f"{amount}/minute")
    item.namespace = what
    return item
