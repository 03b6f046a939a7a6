"""What tests of the audit trail share: a clock that they move, and a trail to tamper with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from app.adapters.embedded import EmbeddedStore
from app.core.audit import Act, acting
from app.core.kinds import SPACES
from app.core.models import Partition, Space
from app.core.ports import Noted, Put
from tests.clock import Clock

TENANT = "ten_a"
HOME = Partition(TENANT)
ACT = Act(
    tenant_id=TENANT,
    actor="key:a",
    action="createSpace",
    request_id="req_1",
    personal={"address": "203.0.113.7"},
)
WRITERS, EACH = 4, 150


def space(id_: str) -> Space:
    now = datetime.now(UTC)
    return Space(
        id=id_, tenant_id=TENANT, name=id_, created_at=now, updated_at=now, created_by="key:a"
    )


def noted(number: int, tenant_id: str = TENANT) -> Noted:
    return Noted(
        tenant_id=tenant_id,
        actor="key:a",
        action="getSpace",
        decision="allowed",
        outcome="200",
        targets=(f"space/{number}",),
        request_id=f"req_{number}",
        personal={"address": "203.0.113.7"},
    )


@contextmanager
def on_behalf(act: Act) -> Iterator[None]:
    token = acting.set(act)
    try:
        yield
    finally:
        acting.reset(token)


async def fill(store: EmbeddedStore, clock: Clock, first: int = 0) -> None:
    """Write changes and requests, seal, and write some more."""
    for number in range(first, first + 5):
        with on_behalf(ACT):
            await store.records.commit(HOME, Put(kind=SPACES, value=space(f"spc_{number}")))
        store.audit.note(noted(number))
    await store.audit.flush()
    clock.now += 61
    assert await store.audit.seal() is not None
    store.audit.note(noted(first + 99))
    await store.audit.flush()
