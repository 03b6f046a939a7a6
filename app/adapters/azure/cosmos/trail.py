"""Audit events as items: where they are, how they are looked up, and back to what they were."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from app.adapters.azure.cosmos.chains import objects
from app.adapters.azure.cosmos.container import Item
from app.adapters.azure.cosmos.items import EVENT
from app.adapters.azure.cosmos.listing import Parameters
from app.core.audit import Link
from app.core.models.auditing import AuditEvent, AuditKind
from app.core.ports.auditing import AuditFilter

ALL = (
    "SELECT c.writer, c.seq, c.at, c.body, c.previous, c.hash, c.salt, c.payload, c.actor,"
    " c.objects, c.tenant_id FROM c WHERE c.kind = @kind"
)
PERSONAL = "SELECT c.id FROM c WHERE c.kind = @kind AND c.actor = @actor AND c.personal = true"
_EQUAL = ("actor", "action", "outcome", "request_id")


def page(wanted: AuditFilter, after: str, limit: int) -> tuple[str, dict[str, object]]:
    """Return the query for the next events of one partition, and its parameters."""
    parameters = Parameters({"@kind": EVENT, "@after": after, "@limit": limit})
    tests = ["c.kind = @kind", "c.position > @after"]
    asked = {name: getattr(wanted, name) for name in _EQUAL}
    tests += [
        f"c.{name.removesuffix('_id')} = {parameters.add(value)}"
        for name, value in asked.items()
        if value is not None
    ]
    if wanted.target is not None:
        tests.append(f"ARRAY_CONTAINS(c.objects, {parameters.add(wanted.target)})")
    for bound, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if bound is not None:
            tests.append(f"c.at {sign} {parameters.add(_instant(bound))}")
    sql = (
        "SELECT TOP @limit c.position, c.writer, c.seq, c.at, c.body, c.payload FROM c"  # noqa: S608  # nosec B608
        f" WHERE {' AND '.join(tests)} ORDER BY c.position"
    )
    return sql, parameters.values


def told(tenant_id: str, item: Item) -> AuditEvent:
    """Return the event that an item holds."""
    said: dict[str, Any] = json.loads(item["body"])
    return AuditEvent(
        id=item["position"],
        writer=item["writer"],
        seq=item["seq"],
        at=datetime.fromisoformat(item["at"]),
        tenant_id=tenant_id,
        kind=AuditKind(said["kind"]),
        actor=said["actor"],
        action=said["action"],
        decision=said["decision"],
        outcome=said["outcome"],
        targets=tuple(said["targets"]),
        request_id=said["request"],
        count=said.get("count", 1),
        commitment=said["commitment"],
        personal=json.loads(item["payload"]) if item["payload"] else {},
    )


def link(item: Item) -> Link:
    """Return an event as it stands in its chain."""
    salt, payload = item["salt"], item["payload"]
    return Link(
        writer=item["writer"],
        seq=item["seq"],
        at=item["at"],
        body=item["body"].encode(),
        previous=item["previous"],
        hash=item["hash"],
        salt=None if salt is None else base64.b64decode(salt),
        payload=None if payload is None else payload.encode(),
    )


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def misfiled(item: Item) -> Iterator[str]:
    """Yield a problem if an event is looked up by other than what it says."""
    said: dict[str, Any] = json.loads(item["body"])
    told_by = (item["tenant_id"], item["actor"], item["objects"])
    if (said["tenant"], said["actor"], objects(said)) != told_by:
        name = f"event {item['writer']}/{item['seq']}"
        yield f"{name}: is listed under another tenant, actor or target"
