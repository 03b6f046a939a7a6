"""Audit events as the Open Cybersecurity Schema Framework has them: class API Activity, 1.3.0.

Source: https://schema.ocsf.io/1.3.0/classes/api_activity. The profile `security_control` carries
whether a request was let through. What has no place in the schema is `unmapped`.
"""

from collections.abc import AsyncIterator, Mapping
from enum import IntEnum

from app.core.models import AuditEvent, AuditKind
from app.core.ports import AuditFilter, AuditLog

VERSION = "1.3.0"
MASS_REFUSALS = "massRefusals"  # the action of an event that raises an alarm
_CATEGORY, _CLASS = 6, 6003  # application activity, API activity
_PAGE = 500
_FAILED = 400


class Activity(IntEnum):
    """What an API call does."""

    CREATE = 1
    READ = 2
    UPDATE = 3
    DELETE = 4
    OTHER = 99


_VERBS: Mapping[str, Activity] = {
    **dict.fromkeys(("create", "upload", "query"), Activity.CREATE),
    **dict.fromkeys(
        ("get", "list", "download", "export", "stream", "verify", "explain"), Activity.READ
    ),
    **dict.fromkeys(
        ("update", "replace", "put", "rotate", "revoke", "cancel", "reindex", "replay", "give"),
        Activity.UPDATE,
    ),
    **dict.fromkeys(("delete", "remove", "erase"), Activity.DELETE),
}


class Severity(IntEnum):
    """How much an event asks for attention."""

    INFORMATIONAL = 1
    LOW = 2
    HIGH = 4


def activity(action: str) -> Activity:
    """Return what an operation or a job does, by the verb that its name begins with."""
    return next(
        (found for verb, found in _VERBS.items() if action.startswith(verb)), Activity.OTHER
    )


def event(found: AuditEvent) -> dict[str, object]:
    """Return an audit event in this form. Times are milliseconds since 1970."""
    kind, denied = activity(found.action), found.decision == "denied"
    failed = denied or (found.outcome.isdecimal() and int(found.outcome) >= _FAILED)
    told: dict[str, object] = {
        "activity_id": kind.value,
        "activity_name": kind.name.title() if kind is not Activity.OTHER else found.action,
        "category_uid": _CATEGORY,
        "category_name": "Application Activity",
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "type_uid": _CLASS * 100 + kind.value,
        "count": found.count,
        "time": int(found.at.timestamp() * 1000),
        "severity_id": _severity(found).value,
        "status_id": 2 if failed else 1,
        "status": "Failure" if failed else "Success",
        "status_code": found.outcome,
        "action_id": 2 if denied else 1,
        "action": "Denied" if denied else "Allowed",
        "disposition_id": 2 if denied else 1,
        "actor": {"user": {"uid": found.actor}},
        "api": {"operation": found.action, "request": {"uid": found.request_id}},
        "src_endpoint": _endpoint(found),
        "resources": [_resource(target) for target in found.targets],
        "metadata": {
            "version": VERSION,
            "profiles": ["security_control"],
            "product": {"name": "EVA API", "vendor_name": "EVA API"},
            "uid": f"{found.writer}/{found.seq}",
            "sequence": found.seq,
            "log_name": "audit",
            "tenant_uid": found.tenant_id,
        },
        "unmapped": {"kind": found.kind.value, "commitment": found.commitment},
    }
    if found.kind is AuditKind.REQUEST and found.outcome.isdecimal():
        told["http_response"] = {"code": int(found.outcome)}
    return told


async def events(
    audit: AuditLog, tenant_id: str, wanted: AuditFilter
) -> AsyncIterator[dict[str, object]]:
    """Yield a tenant's events in this form, oldest first; a page of them is held at a time."""
    after: str | None = None
    while True:
        page = await audit.events(tenant_id, wanted, after=after, limit=_PAGE)
        for found in page.items:
            yield event(found)
        after = page.next_after
        if after is None:
            return


def _severity(found: AuditEvent) -> Severity:
    if found.action == MASS_REFUSALS:
        return Severity.HIGH
    return Severity.LOW if found.decision == "denied" else Severity.INFORMATIONAL


def _endpoint(found: AuditEvent) -> dict[str, str]:
    """Return where the call came from; the address is personal and may have been erased."""
    address = found.personal.get("address")
    return {"name": "unknown"} if address is None else {"ip": address}


def _resource(target: str) -> dict[str, str]:
    """Return an object of `document/doc_…` or, of a change, `put document/doc_…`."""
    kind, _, uid = target.rpartition(" ")[2].partition("/")
    return {"type": kind, "uid": uid}
