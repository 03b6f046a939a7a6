"""The outermost layer: a request id for everyone, security headers on everything, no escape.

An exception that leaves the application makes uvicorn close a keep-alive connection without
saying so, and the client's next request fails: so nothing leaves here once it can be answered.
"""

import logging
import re
import secrets
from collections.abc import Sequence

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import tracing
from app.core.errors import EvaError
from app.web.problems.rendering import REQUEST_ID, respond

_log = logging.getLogger("eva.web")
_ID_BYTES = 12
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)


class Edge:
    """Pure ASGI middleware round the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; whatever goes wrong is answered with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stamped = _Stamped(scope, send)
        scope[REQUEST_ID] = stamped.request_id
        token = tracing.current.set(stamped.traceparent)
        try:
            await self._app(scope, receive, stamped)
        except ClientDisconnect:
            _log.info("client went away: %s", stamped.request_id)
        except Exception:
            if stamped.started:
                raise
            _log.exception("unhandled error: %s", stamped.request_id)
            await respond(scope, EvaError())(scope, receive, stamped)
        finally:
            tracing.current.reset(token)


class _Stamped:
    """Sends what it is given, with the common headers on the response's start."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = traceparent = None
        for name, value in reversed(scope["headers"]):  # of several the first counts
            if name == b"x-request-id":
                given = value.decode("latin-1")
            elif name == b"traceparent":
                traceparent = value.decode("latin-1")
        valid = given is not None and _REQUEST_ID.fullmatch(given)
        self.request_id = given if given and valid else _fresh_id()
        self.traceparent = tracing.carried() or tracing.valid(traceparent)
        self.started = False
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message["headers"], *self._missing(message["headers"])]
        await self._send(message)

    def _missing(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the common headers; a response may have set its own value of a security header."""
        present = {name for name, _ in headers}
        added = [header for header in _SECURITY if header[0] not in present]
        added.append((b"x-request-id", self.request_id.encode()))
        if self.traceparent is not None:
            added.append((b"traceparent", self.traceparent.encode()))
        return added


_supply = bytearray()  # of randomness: to ask the system for each id costs more than the id


def _fresh_id() -> str:
    if not _supply:
        _supply.extend(secrets.token_bytes(_ID_BYTES * 256))
    fresh = bytes(_supply[-_ID_BYTES:])
    del _supply[-_ID_BYTES:]
    return f"req_{fresh.hex()}"
