"""What audit events say, whichever store keeps them. Nothing personal is in what is chained."""

import secrets
from collections.abc import Iterator, Mapping, Sequence

from app.core.audit import Act, canonical, commitment
from app.core.models.auditing import AuditKind
from app.core.ports import Change, Put, Remove
from app.core.ports.auditing import Noted

Said = dict[str, object]


def targets(changes: Sequence[Change]) -> Iterator[str]:
    """Yield what the changes do to which objects, of kinds that are audited."""
    for change in changes:
        match change:
            case Put(kind=kind, value=value) if kind.audited:
                yield f"put {kind.name}/{value.id}"
            case Remove(kind=kind, id=id_) if kind.audited:
                yield f"remove {kind.name}/{id_}"


def changed(act: Act, what: Sequence[str]) -> Said:
    """Return what the event of a commit says."""
    return {
        "kind": AuditKind.CHANGE.value,
        "tenant": act.tenant_id,
        "actor": act.actor,
        "action": act.action,
        "decision": "allowed",
        "outcome": "committed",
        "targets": list(what),
        "request": act.request_id,
    }


def requested(one: Noted) -> Said:
    """Return what the event of a request says."""
    return {
        "kind": AuditKind.REQUEST.value,
        "tenant": one.tenant_id,
        "actor": one.actor,
        "action": one.action,
        "decision": one.decision,
        "outcome": one.outcome,
        "targets": one.targets,
        "request": one.request_id,
        **({"count": one.count} if one.count > 1 else {}),
    }


def bound(said: Said, personal: Mapping[str, str]) -> tuple[bytes, bytes | None, bytes | None]:
    """Return the body to be chained, and the salt and payload that it is only committed to."""
    salt, payload = None, None
    if personal:
        salt, payload = secrets.token_bytes(16), canonical(dict(personal))
    promise = commitment(salt, payload) if salt and payload else None
    return canonical({**said, "commitment": promise}), salt, payload
