"""By which name and over which transport requests may come in.

Only installed where the operator asks for it. Probes of the service's health are let in by any
name and transport: they come from the platform's inside, by an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.addresses import Proxies
from app.web.errors import HttpsRequiredError, WrongHostError
from app.web.refusing import refuse

_PROBES = frozenset({"/livez", "/readyz", "/health", "/health/ready"})
_CREDENTIALS = ("authorization", "x-api-key", "cookie")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntranceRules:
    """The names of this service (none: any), `*.` for all below one; whether https is a must."""

    hosts: Sequence[str] = ()
    https: bool = False
    proxies: Proxies = field(default_factory=Proxies)


class Entrance:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, rules: EntranceRules) -> None:
        self._app = app
        self._rules = rules
        self._names = frozenset(rules.hosts)
        self._below = tuple(host[1:] for host in rules.hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in; else answer 421, 403, or a redirect to https."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        host = _host(scope)
        if self._names and not self._is_ours(host):
            await refuse(WrongHostError(), scope, receive, send)
        elif self._rules.https and self._rules.proxies.scheme(scope) != "https":
            await self._send_to_https(host, scope, receive, send)
        else:
            await self._app(scope, receive, _Pinned(send) if self._rules.https else send)

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host)
        return name in self._names or name.endswith(self._below)

    async def _send_to_https(self, host: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect a plain read of a known name; whatever carries something is refused."""
        headers = Headers(scope=scope)
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if not reads or not self._names or any(name in headers for name in _CREDENTIALS):
            await refuse(HttpsRequiredError(), scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        target = f"https://{_without_port(host)}{path}" + (f"?{query}" if query else "")
        await Response(status_code=308, headers={"Location": target})(scope, receive, send)


class _Pinned:
    """Sends what it is given, and that only https is to be used from now on (RFC 6797)."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], _HSTS]
        await self._send(message)


def _host(scope: Scope) -> str:
    """Return the one Host header in lower case; "" where there is none, or several."""
    found = [value for name, value in scope["headers"] if name == b"host"]
    return found[0].decode("latin-1").strip().lower() if len(found) == 1 else ""


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host
