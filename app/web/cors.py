"""Which web pages may call from a browser: those of the origins that the operator lists, or none.

Credentials travel in headers that a page has to know, never in cookies, so no answer allows them.
What is not allowed is answered like any other request: without the headers, no browser shows it.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = (
    b"Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, "
    b"If-None-Match, If-Range, Last-Event-ID, Prefer, Range, traceparent, X-API-Key, X-Request-Id"
)
_SHOWN = (
    b"Accept-Ranges, Content-Disposition, Content-Language, Content-Range, ETag, "
    b"Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, "
    b"Retry-After, WWW-Authenticate, X-Request-Id"
)
_AGE_S = b"600"
Headers = list[tuple[bytes, bytes]]


class Cors:
    """Pure ASGI middleware; nothing of it is installed while no origin is listed."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an allowed preflight; tell an allowed page that it may read the answer."""
        origin = _header(scope, b"origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif origin not in self._origins:
            await self._app(scope, receive, _Adding(send, [(b"vary", b"Origin")]))
        elif scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method"):
            await send(
                {"type": "http.response.start", "status": 204, "headers": _preflight(origin)}
            )
            await send({"type": "http.response.body", "body": b""})
        else:
            shown = (b"access-control-expose-headers", _SHOWN)
            await self._app(scope, receive, _Adding(send, [*_allowed(origin), shown]))


class _Adding:
    """Sends what it is given, with more headers."""

    def __init__(self, send: Send, headers: Headers) -> None:
        self._send = send
        self._headers = headers

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *self._headers]
        await self._send(message)


def _allowed(origin: bytes) -> Headers:
    return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]


def _preflight(origin: bytes) -> Headers:
    return [
        *_allowed(origin),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _TAKEN),
        (b"access-control-max-age", _AGE_S),
    ]


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)
