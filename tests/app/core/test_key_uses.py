"""When keys were last used."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import keys
from app.core.errors import UnauthenticatedError, UnavailableError
from app.core.key_uses import KeyUses, noting
from app.core.kinds import KEY_USES
from app.core.models import DEFAULT_TENANT, Partition, Scope
from app.core.ports import Change, Ports

HOME = Partition(DEFAULT_TENANT)
NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


async def test_a_use_is_known_at_once_and_kept_later(ports: Ports) -> None:
    uses = KeyUses(ports.records)
    uses.saw(DEFAULT_TENANT, "a", NOW)
    assert await uses.last(DEFAULT_TENANT, ["a", "b"]) == {"a": NOW}
    assert await KeyUses(ports.records).last(DEFAULT_TENANT, ["a"]) == {}
    await uses.keep()
    assert await KeyUses(ports.records).last(DEFAULT_TENANT, ["a", "b"]) == {"a": NOW}


async def test_many_uses_are_one_write(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    commit = type(ports.records).commit

    async def counted(_: object, partition: Partition, *changes: Change) -> object:
        commits.append(len(changes))
        return await commit(ports.records, partition, *changes)

    monkeypatch.setattr(type(ports.records), "commit", counted)
    uses = KeyUses(ports.records)
    for n in range(1000):
        uses.saw(DEFAULT_TENANT, f"k{n % 50}", NOW + timedelta(seconds=n))
    await uses.keep()
    await uses.keep()
    assert commits == [50]


async def test_another_process_that_saw_the_key_later_is_not_overwritten(ports: Ports) -> None:
    one, other = KeyUses(ports.records), KeyUses(ports.records)
    one.saw(DEFAULT_TENANT, "a", NOW)
    other.saw(DEFAULT_TENANT, "a", NOW + timedelta(seconds=1))
    await other.keep()
    await one.keep()
    assert await one.last(DEFAULT_TENANT, ["a"]) == {"a": NOW + timedelta(seconds=1)}


async def test_what_can_not_be_kept_waits(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    uses = KeyUses(ports.records)
    uses.saw(DEFAULT_TENANT, "a", NOW)

    async def lost(*_: object) -> None:
        raise UnavailableError(dependency="records")

    with monkeypatch.context() as down:
        down.setattr(type(ports.records), "commit", lost)
        await uses.keep()
    assert await ports.records.count(KEY_USES, HOME) == 0
    await uses.keep()
    assert await ports.records.count(KEY_USES, HOME) == 1


async def test_the_last_uses_are_kept_when_the_service_stops(ports: Ports) -> None:
    async with noting(ports.records) as uses:
        uses.saw(DEFAULT_TENANT, "a", NOW)
    assert await ports.records.count(KEY_USES, HOME) == 1


async def test_a_refused_key_is_not_used(ports: Ports) -> None:
    wanted = keys.NewKey(name="k", scopes=(Scope.SPACES_READ,))
    issued = await keys.issue(ports, DEFAULT_TENANT, "test", wanted)
    [id_] = [issued.key.value.id]
    with pytest.raises(UnauthenticatedError):
        await keys.authenticate(ports, issued.token[:-1])
    assert await ports.uses.last(DEFAULT_TENANT, [id_]) == {}
    await keys.authenticate(ports, issued.token)
    assert id_ in await ports.uses.last(DEFAULT_TENANT, [id_])
