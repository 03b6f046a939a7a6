"""Records every request in the audit trail, whatever came of it: reads and refusals too.

A change has an event of its own, in the transaction that made it. What is turned away before any
operation sees it is counted (`turned_away`). Probes of whether the service runs are not recorded:
they touch nobody's data.
"""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.access import Principal
from app.core.ocsf import MASS_REFUSALS
from app.core.ports import AuditLog, Noted
from app.web.addresses import ADDRESS, Proxies
from app.web.problems.rendering import REQUEST_ID
from app.web.refusal_alarm import REFUSALS, RefusalAlarm
from app.web.services import PRINCIPAL, State
from app.web.turned_away import TurnedAway

OPERATION = "eva.operation"  # set in the scope by `guard.GuardedRoute`
ADMITTED = "eva.admitted"  # set in the scope by `limits.AddressLimit`, the last of the outer guards
_SILENT = frozenset(
    {"getHealth", "getHealthReady", "getLiveness", "getReadiness", "getOpenApi", "getProblem"}
)
_DENIED = frozenset({401, 403, 429})
_LEFT = 499  # the client left before an answer began
_HANDSHAKES = {"websocket.accept": 101, "websocket.close": 403}  # 403 is what the client sees
_NAMED = {
    "space_id": "space",
    "document_id": "document",
    "query_id": "query",
    "key_id": "api-key",
    "receipt_id": "receipt",
    "job_id": "job",
}


class Recording:
    """Pure ASGI middleware; only `Edge` is outside, so that every answer passes here."""

    def __init__(self, app: ASGIApp, alarm: RefusalAlarm, proxies: Proxies) -> None:
        self._app = app
        self._alarm = alarm
        self._proxies = proxies
        self._turned_away = TurnedAway()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, self._ending(scope, receive), send)
            return
        self._proxies.address(scope)
        answer = _Answer(send)
        try:
            await self._app(scope, receive, answer)
        except Exception:
            answer.status = 500
            raise
        finally:
            self._record(scope, answer.status)

    def _record(self, scope: Scope, status: int) -> None:
        if scope.get(OPERATION) in _SILENT:
            return
        note, noted = _audit(scope).note, _noted(scope, status)
        if ADMITTED in scope:
            note(noted)
        else:
            self._turned_away.add(note, noted)
        if status in REFUSALS:
            self._watch(scope)

    def _watch(self, scope: Scope) -> None:
        """Count a refusal as its principal's and as its address's; note it if that is too many."""
        principal: Principal | None = scope.get(PRINCIPAL)
        request_id = scope.get(REQUEST_ID, "")
        if principal and self._alarm.raised(f"{principal.tenant_id} {principal.id}"):
            self._alarm.tell(f"{principal.id} of {principal.tenant_id}", request_id)
            _note_alarm(scope, principal)
        if self._alarm.raised(self._proxies.client(scope)):
            self._alarm.tell("one address", request_id)
            _note_alarm(scope, None)

    def _ending(self, scope: Scope, receive: Receive) -> Receive:
        """Return what tells of the last requests that were turned away before all is closed."""

        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and "services" in scope.get("state", ()):
                self._turned_away.tell(_audit(scope).note)
            return message

        return received


class _Answer:
    """Sends what it is given, and remembers how a request or a websocket's handshake ended."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self.status = _LEFT
        self._send = send

    async def __call__(self, message: Message) -> None:
        if self.status == _LEFT:
            self.status = message.get("status") or _HANDSHAKES.get(message["type"], _LEFT)
        await self._send(message)


def _note_alarm(scope: Scope, principal: Principal | None) -> None:
    _audit(scope).note(
        Noted(
            tenant_id=principal.tenant_id if principal else "",
            actor=principal.id if principal else "anonymous",
            action=MASS_REFUSALS,
            decision="denied",
            outcome="alarm",
            request_id=scope.get(REQUEST_ID, ""),
            personal=personal(scope),
        )
    )


def _noted(scope: Scope, status: int) -> Noted:
    principal: Principal | None = scope.get(PRINCIPAL)
    denied = status in _DENIED or (ADMITTED not in scope and status >= HTTPStatus.BAD_REQUEST)
    return Noted(
        tenant_id=principal.tenant_id if principal else "",
        actor=principal.id if principal else "anonymous",
        action=scope.get(OPERATION, "unknown"),
        decision="denied" if denied else "allowed",
        outcome=str(status),
        targets=_targets(scope),
        request_id=scope.get(REQUEST_ID, ""),
        personal=personal(scope),
    )


def _audit(scope: Scope) -> AuditLog:
    state: State = scope["state"]
    return state["services"].ports.audit


def personal(scope: Scope) -> dict[str, str]:
    """Return what a request tells of the person behind it."""
    address = scope.get(ADDRESS)
    return {"address": address} if address else {}


def _targets(scope: Scope) -> tuple[str, ...]:
    parameters = scope.get("path_params") or {}
    return tuple(f"{_NAMED[name]}/{id_}" for name, id_ in parameters.items() if name in _NAMED)
