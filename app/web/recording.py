"""Records every request in the audit trail, whatever came of it: reads and refusals too.

A change has an event of its own, in the transaction that made it. Probes of whether the service
runs are not recorded: they touch nobody's data.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.access import Principal
from app.core.ocsf import MASS_REFUSALS
from app.core.ports import AuditLog, Noted
from app.web.problems.rendering import REQUEST_ID
from app.web.refusal_alarm import REFUSALS, RefusalAlarm
from app.web.services import CLIENT, PRINCIPAL, State

OPERATION = "eva.operation"  # set in the scope by `guard.GuardedRoute`
_SILENT = frozenset(
    {"getHealth", "getHealthReady", "getLiveness", "getReadiness", "getOpenApi", "getProblem"}
)
_DENIED = frozenset({401, 403, 429})
_NAMED = {
    "space_id": "space",
    "document_id": "document",
    "query_id": "query",
    "key_id": "api-key",
    "receipt_id": "receipt",
    "job_id": "job",
}


class Recording:
    """Pure ASGI middleware; inside `Edge`, so that every answer passes here."""

    def __init__(self, app: ASGIApp, alarm: RefusalAlarm) -> None:
        self._app = app
        self._alarm = alarm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 499  # the client left before an answer began

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            status = 500
            raise
        finally:
            if scope.get(OPERATION) not in _SILENT:
                note(scope, status)
                if status in REFUSALS:
                    self._watch(scope)

    def _watch(self, scope: Scope) -> None:
        """Count a refusal as its principal's and as its address's; note it if that is too many."""
        principal: Principal | None = scope.get(PRINCIPAL)
        request_id = scope.get(REQUEST_ID, "")
        if principal and self._alarm.raised(f"{principal.tenant_id} {principal.id}"):
            self._alarm.tell(f"{principal.id} of {principal.tenant_id}", request_id)
            _note_alarm(scope, principal)
        if self._alarm.raised(scope.get(CLIENT, "")):
            self._alarm.tell("one address", request_id)
            _note_alarm(scope, None)


def _note_alarm(scope: Scope, principal: Principal | None) -> None:
    state: State = scope["state"]
    state["services"].ports.audit.note(
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


def note(scope: Scope, status: int) -> None:
    """Record a request that nobody else records."""
    state: State = scope["state"]
    audit: AuditLog = state["services"].ports.audit
    principal: Principal | None = scope.get(PRINCIPAL)
    audit.note(
        Noted(
            tenant_id=principal.tenant_id if principal else "",
            actor=principal.id if principal else "anonymous",
            action=scope.get(OPERATION, "unknown"),
            decision="denied" if status in _DENIED else "allowed",
            outcome=str(status),
            targets=_targets(scope),
            request_id=scope.get(REQUEST_ID, ""),
            personal=personal(scope),
        )
    )


def personal(scope: Scope) -> dict[str, str]:
    """Return what a request tells of the person behind it."""
    client = scope.get("client")
    return {"address": client[0]} if client else {}


def _targets(scope: Scope) -> tuple[str, ...]:
    parameters = scope.get("path_params") or {}
    return tuple(f"{_NAMED[name]}/{id_}" for name, id_ in parameters.items() if name in _NAMED)
