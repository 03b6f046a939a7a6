"""Measures every request: how many, how they ended, how long they took; and records its trace.

Pure ASGI, outermost, and only there when telemetry is on. A request that is answered by events
took as long as the first event that carries text of the answer.
"""

import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import metrics, tracing
from app.core.access import Principal
from app.core.tracing import Kind, Recorder, Span
from app.web.recording import OPERATION
from app.web.services import PRINCIPAL

SHED = "eva.shed"  # set in the scope by what turns a request away for want of room
CLASS = "eva.class"  # set in the scope by an operation that knows its class better
CLASSES: Mapping[str, str] = {
    "getHealth": "health",
    "getHealthReady": "health",
    "getLiveness": "health",
    "getReadiness": "health",
    "getHealthDetailed": "health",
    "getOpenApi": "health",
    "getProblem": "health",
    "uploadDocument": "upload",
    "uploadDocumentVersion": "upload",
    "createQuery": "ask",
    "querySpace": "ask",
    "streamQueryEvents": "stream",
}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _READS | {"POST", "PUT", "PATCH", "DELETE"}
_TEXT = (b"event: sentence", b"event: done", b"event: error")
_LEFT = 499  # the client left before an answer began
_LIMITED = 429


class Measuring:
    """The middleware. `routes` are the operations' paths by id; no `recorder`, no traces."""

    def __init__(
        self, app: ASGIApp, *, routes: Mapping[str, str], recorder: Recorder | None = None
    ) -> None:
        self._app = app
        self._routes = routes
        self._recorder = recorder
        self.active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and measure it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _Sent(send)
        self.active += 1
        try:
            if self._recorder is None:
                await self._app(scope, receive, sent)
            else:
                await self._recorded(self._recorder, scope, receive, sent)
        finally:
            self.active -= 1
            self._measured(scope, sent)

    async def _recorded(
        self, recorder: Recorder, scope: Scope, receive: Receive, sent: "_Sent"
    ) -> None:
        given = next((v for name, v in scope["headers"] if name == b"traceparent"), b"")
        root = (scope["method"], Kind.SERVER)
        with tracing.part(recorder, root, given.decode("latin-1"), trusted=False) as span:
            try:
                await self._app(scope, receive, sent)
            finally:
                self._describe(scope, sent, span)

    def _describe(self, scope: Scope, sent: "_Sent", span: Span) -> None:
        method, route = self._route(scope)
        outcome = _outcome(scope, sent)
        span.name = f"{method} {route}"
        span.failed = outcome == "error"
        span.attributes.update(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": sent.status,
                "eva.class": _class(scope, sent),
                "eva.outcome": outcome,
            }
        )

    def _measured(self, scope: Scope, sent: "_Sent") -> None:
        seconds = (sent.told_at or time.perf_counter()) - sent.began
        outcome = _outcome(scope, sent)
        method, route = self._route(scope)
        within = metrics.within(seconds * 1000, metrics.WITHIN_MS)
        labels = {"class": _class(scope, sent), "outcome": outcome, "within_ms": within}
        metrics.count("eva.requests", labels)
        metrics.observe(
            "http.server.request.duration",
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": str(sent.status),
            },
            seconds,
        )
        principal: Principal | None = scope.get(PRINCIPAL)
        if principal is not None:
            tenant = metrics.tenant(principal.tenant_id)
            metrics.count("eva.tenant.requests", {"tenant": tenant, "outcome": outcome})

    def _route(self, scope: Scope) -> tuple[str, str]:
        """Return the method and the route's path; neither says anything that a client made up."""
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        return method, self._routes.get(scope.get(OPERATION, ""), "unmatched")


class _Sent:
    """Sends what it is given, and remembers what it was."""

    __slots__ = ("_send", "_streaming", "began", "broken", "done", "status", "told_at")

    def __init__(self, send: Send) -> None:
        self.began = time.perf_counter()
        self.status = _LEFT
        self.told_at = 0.0
        self.broken = self.done = self._streaming = False
        self._send = send

    @property
    def streaming(self) -> bool:
        """Tell whether the answer is events."""
        return self._streaming

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kinds = (value for name, value in message["headers"] if name == b"content-type")
            self._streaming = next(kinds, b"").startswith(b"text/event-stream")
        elif not message.get("more_body"):
            self.done = True
        elif self._streaming:
            self._watch(message["body"])
        await self._send(message)

    def _watch(self, body: bytes) -> None:
        if not self.told_at and any(one in body for one in _TEXT):
            self.told_at = time.perf_counter()
        self.broken = self.broken or b"event: error" in body


def _class(scope: Scope, sent: _Sent) -> str:
    if sent.streaming:
        return "stream"
    known: str | None = scope.get(CLASS) or CLASSES.get(scope.get(OPERATION, ""))
    return known or ("read" if scope["method"] in _READS else "write")


def _outcome(scope: Scope, sent: _Sent) -> str:
    """Return how a request ended; the words are those of `dashboards/signals.yaml`."""
    status = sent.status
    if sent.broken or (status >= 500 and SHED not in scope):  # noqa: PLR2004 - HTTP's server errors
        return "error"
    if status >= 500:  # noqa: PLR2004 - as above
        return "shed"
    if status == _LEFT or not sent.done:
        return "aborted"
    if status == _LIMITED:
        return "limited"
    return "refused" if status >= 400 else "ok"  # noqa: PLR2004 - HTTP's client errors
