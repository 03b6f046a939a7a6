"""Measures every request: how many, how they ended, how long they took; and records its trace.

Pure ASGI, outermost, and only there when telemetry is on. A request that is answered by events
took as long as the first event that carries text of the answer.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

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
_UNRECORDED = nullcontext[None]()
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
        with self._recorded(scope) as span:
            try:
                await self._app(scope, receive, sent)
            finally:
                self.active -= 1
                request = self._measured(scope, sent)
                if span is not None:
                    _describe(request, span)

    def _recorded(self, scope: Scope) -> AbstractContextManager[Span | None]:
        if self._recorder is None:
            return _UNRECORDED
        root = (scope["method"], Kind.SERVER)
        given = _header(scope["headers"], b"traceparent")
        traceparent = None if given is None else given.decode("latin-1")
        return tracing.part(self._recorder, root, traceparent, trusted=False)

    def _measured(self, scope: Scope, sent: "_Sent") -> "_Request":
        principal: Principal | None = scope.get(PRINCIPAL)
        request = _Request(
            # neither the method nor the route says anything that a client made up
            method=scope["method"] if scope["method"] in _METHODS else "_OTHER",
            route=self._routes.get(scope.get(OPERATION, ""), "unmatched"),
            status=sent.status,
            kind=_class(scope, sent),
            outcome=_outcome(scope, sent),
            tenant=None if principal is None else metrics.tenant(principal.tenant_id),
        )
        _requests.add(request, (sent.told_at or time.perf_counter()) - sent.began)
        return request


class _Request(NamedTuple):
    """What is told of a request."""

    method: str
    route: str
    status: int
    kind: str  # of `CLASSES`
    outcome: str
    tenant: str | None


def _told(request: _Request, seconds: Sequence[float]) -> None:
    of_class = {"class": request.kind, "outcome": request.outcome}
    within = Counter(metrics.within(one * 1000, metrics.WITHIN_MS) for one in seconds)
    for bound, number in within.items():
        metrics.count("eva.requests", {**of_class, "within_ms": bound}, number)
    labels = {
        "http.request.method": request.method,
        "http.route": request.route,
        "http.response.status_code": str(request.status),
    }
    metrics.observe_all("http.server.request.duration", labels, seconds)
    if request.tenant is not None:
        labels = {"tenant": request.tenant, "outcome": request.outcome}
        metrics.count("eva.tenant.requests", labels, len(seconds))


_requests = metrics.Timings(_told)


def _describe(request: _Request, span: Span) -> None:
    span.name = f"{request.method} {request.route}"
    span.failed = request.outcome == "error"
    span.attributes = {
        "http.request.method": request.method,
        "http.route": request.route,
        "http.response.status_code": request.status,
        "eva.class": request.kind,
        "eva.outcome": request.outcome,
    }


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    for name, value in headers:
        if name == wanted:
            return value
    return None


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
            kind = _header(message["headers"], b"content-type") or b""
            self._streaming = kind.startswith(b"text/event-stream")
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
