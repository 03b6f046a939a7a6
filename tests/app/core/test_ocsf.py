"""The trail in the form that security tools read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core import ocsf
from app.core.access import RULES
from app.core.models import AuditEvent, AuditKind

# https://schema.ocsf.io/1.3.0/classes/api_activity: what is required, with the kinds of value.
REQUIRED: Mapping[str, type] = {
    "activity_id": int,
    "actor": dict,
    "api": dict,
    "category_uid": int,
    "class_uid": int,
    "metadata": dict,
    "severity_id": int,
    "src_endpoint": dict,
    "time": int,
    "type_uid": int,
    "action_id": int,
    "disposition_id": int,
}


def an_event(**changes: Any) -> AuditEvent:
    told: dict[str, Any] = {
        "id": "7",
        "writer": "host/1/ab",
        "seq": 7,
        "at": datetime(2026, 3, 2, 14, 30, 0, 250_000, tzinfo=UTC),
        "tenant_id": "ten_a",
        "kind": AuditKind.REQUEST,
        "actor": "key:a",
        "action": "getDocument",
        "decision": "allowed",
        "outcome": "200",
        "targets": ("document/doc_1",),
        "request_id": "req_1",
        "personal": {"address": "203.0.113.7"},
    }
    return AuditEvent(**{**told, **changes})


@pytest.mark.parametrize("action", sorted(RULES))
def test_every_operation_gives_a_complete_event_of_a_known_activity(action: str) -> None:
    told = ocsf.event(an_event(action=action))
    for name, kind in REQUIRED.items():
        assert isinstance(told[name], kind), name
    assert (told["category_uid"], told["class_uid"]) == (6, 6003)
    assert told["type_uid"] == 6003 * 100 + ocsf.activity(action)
    assert ocsf.activity(action) is not ocsf.Activity.OTHER


def test_a_read_says_who_what_when_from_where_and_how_it_went() -> None:
    told: Any = ocsf.event(an_event())
    assert told["time"] == 1_772_461_800_250
    assert told["actor"] == {"user": {"uid": "key:a"}}
    assert told["api"] == {"operation": "getDocument", "request": {"uid": "req_1"}}
    assert told["resources"] == [{"type": "document", "uid": "doc_1"}]
    assert told["src_endpoint"] == {"ip": "203.0.113.7"}
    assert (told["status_id"], told["action_id"], told["severity_id"]) == (1, 1, 1)
    assert told["http_response"] == {"code": 200}
    assert told["metadata"]["uid"] == "host/1/ab/7"
    assert told["metadata"]["tenant_uid"] == "ten_a"


def test_a_refusal_a_failure_and_an_alarm_are_told_apart() -> None:
    refused = ocsf.event(an_event(decision="denied", outcome="403"))
    failed = ocsf.event(an_event(outcome="503"))
    alarm = ocsf.event(
        an_event(action=ocsf.MASS_REFUSALS, decision="denied", outcome="alarm", targets=())
    )
    found = [
        (one["status_id"], one["action_id"], one["severity_id"]) for one in (refused, failed, alarm)
    ]
    assert found == [(2, 2, 2), (2, 1, 1), (2, 2, 4)]


def test_a_change_names_its_objects_and_an_erased_address_is_unknown() -> None:
    told = ocsf.event(
        an_event(
            kind=AuditKind.CHANGE, outcome="committed", targets=("put space/spc_1",), personal={}
        )
    )
    assert told["resources"] == [{"type": "space", "uid": "spc_1"}]
    assert told["src_endpoint"] == {"name": "unknown"}
    assert "http_response" not in told
