"""A commit as one transactional batch: all of its changes, and what tells of them, or nothing.

The batch begins with an item that only this commit creates: its audit event, or a mark that
expires. If an answer is lost and the batch is sent again, that item is there already, and so it
is known that all of it was done.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from app.adapters import audited
from app.adapters.azure.cosmos import items
from app.adapters.azure.cosmos.chains import Chain, Chains, event
from app.adapters.azure.cosmos.container import (
    MOST_BYTES,
    BatchRefusedError,
    Container,
    Item,
    Operation,
    Place,
)
from app.adapters.azure.cosmos.leases import Leases
from app.core.audit import acting
from app.core.errors import (
    ConflictError,
    EvaError,
    LeaseLostError,
    StaleEtagError,
    TooLargeError,
    UnavailableError,
)
from app.core.models import Partition
from app.core.ports import MOST_CHANGES, Change, Enqueue, Look, Put, Remove, Settle

_TRIES = 10  # of a commit whose removals and leases others change at the same time
_GONE, _EXISTS, _CHANGED, _TOO_LARGE = 404, 409, 412, 413
Meaning: TypeAlias = Mapping[int, Callable[[], EvaError]]
_STALE: Meaning = {_GONE: StaleEtagError, _CHANGED: StaleEtagError}
_TAKEN: Meaning = {_EXISTS: lambda: ConflictError(reason="exists")}
_LOST: Meaning = {_GONE: LeaseLostError}


@dataclass(frozen=True, slots=True)
class Step:
    """An operation of a batch: for which change, and what it means if it is refused.

    A refusal without a meaning says that what was looked at before has changed: look again.
    """

    change: int
    operation: Operation
    meaning: Meaning = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a batch begins with; `op` names the commit in all that it writes."""

    op: str
    item: Item
    chain: Chain | None
    absent: set[int] = field(default_factory=set)  # numbers of looks at what is not there


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a commit: the items of its jobs, its name, and whether it looks first.

    The first try takes for granted that what is to be removed is there: most often it is.
    """

    jobs: Mapping[str, Item]
    op: str
    looks: bool
    there: dict[str, bool] = field(default_factory=dict)  # by id, after the operations so far


class Commits:
    """Commits to the container of records."""

    def __init__(self, records: Container, chains: Chains, leases: Leases) -> None:
        self._records = records
        self._chains = chains
        self._leases = leases

    async def apply(
        self, partition: Partition, changes: Sequence[Change], jobs: Mapping[str, Item]
    ) -> list[str]:
        """Apply all changes or none; `jobs` are the items of those to be enqueued, by id."""
        if len(changes) > MOST_CHANGES:
            raise ValueError(f"a commit has at most {MOST_CHANGES} changes")
        place = items.place(partition)
        async with self._proof(partition, changes) as proof:
            for number in range(_TRIES):
                attempt = Attempt(jobs, proof.op, looks=number > 0)
                wanted = self._steps(partition, changes, attempt)
                steps = [step async for step in wanted if step.change not in proof.absent]
                if not steps and proof.chain is None:
                    return [""] * len(changes)
                batch = [("create", (proof.item,)), *(step.operation for step in steps)]
                _require_room(batch)
                try:
                    said = await self._records.batch(place, batch)
                except BatchRefusedError as refused:
                    if refused.index > 0:
                        step = steps[refused.index - 1]
                        _raise_meaning(step, refused)
                        if step.operation[0] == "read":
                            proof.absent.add(step.change)
                        continue
                    _require_own(refused)
                    return await self._found(place, steps, changes, proof.op)
                self._remember(changes, steps, said[1:])
                return _tags(changes, steps, said[1:])
        raise UnavailableError(dependency="records", retry_after=1)

    @asynccontextmanager
    async def _proof(self, partition: Partition, changes: Sequence[Change]) -> AsyncIterator[Proof]:
        act, what, op = acting.get(), tuple(audited.targets(changes)), secrets.token_hex(8)
        if act is None or not what:
            yield Proof(op, items.mark(partition, op), None)
            return
        home = {"tenant_id": partition.tenant_id, "space_id": partition.space_id}
        with self._chains.lend(items.place(partition)) as chain:
            item = event(chain, audited.changed(act, what), act.personal, home)
            yield Proof(op, item, chain)
            self._chains.grew(chain, item)

    async def _steps(
        self, partition: Partition, changes: Sequence[Change], attempt: Attempt
    ) -> AsyncIterator[Step]:
        """Yield the operations, after a look at what is to be removed or settled if need be."""
        for number, change in enumerate(changes):
            match change:
                case Put():
                    item = items.record(partition, change, attempt.op)
                    attempt.there[item["id"]] = True
                    yield _put(number, change, item)
                case Remove():
                    for step in await self._removed(partition, number, change, attempt):
                        yield step
                case Enqueue(job=job):
                    yield Step(number, ("create", (attempt.jobs[job.id],)), _TAKEN)
                case Settle():
                    yield await self._settled(partition, number, change)
                case Look():
                    yield Step(number, ("read", (items.record_id(change.kind.name, change.id),)))

    async def _removed(
        self, partition: Partition, number: int, change: Remove, attempt: Attempt
    ) -> list[Step]:
        name = items.record_id(change.kind.name, change.id)
        known, attempt.there[name] = attempt.there.get(name), False
        if change.if_etag is not None:
            condition = {"if_match_etag": items.quoted(change.if_etag)}
            return [Step(number, ("delete", (name,), condition), _STALE)]
        if known is None and attempt.looks:
            known = await self._records.read(items.place(partition), name) is not None
        return [] if known is False else [Step(number, ("delete", (name,)))]

    async def _settled(self, partition: Partition, number: int, change: Settle) -> Step:
        name = items.job_id(change.lease.job.id)
        if (tag := self._leases.tag(change.lease)) is not None:  # if not, we look again
            return Step(number, ("delete", (name,), {"if_match_etag": items.quoted(tag)}), _LOST)
        found = await self._records.read(items.place(partition), name)
        if found is None or found["kind"] != items.JOB or found["token"] != change.lease.token:
            self._leases.end(change.lease.job)
            raise LeaseLostError
        return Step(number, ("delete", (name,), {"if_match_etag": found["_etag"]}), _LOST)

    def _remember(
        self, changes: Sequence[Change], steps: Sequence[Step], said: Sequence[Item]
    ) -> None:
        """Remember the jobs that were born under a lease: most are settled untouched."""
        for step, answer in zip(steps, said, strict=True):
            change = changes[step.change]
            if isinstance(change, Enqueue) and change.lease is not None:
                self._leases.hold(change.lease, items.bare(answer["eTag"]))

    async def _found(
        self, place: Place, steps: Sequence[Step], changes: Sequence[Change], op: str
    ) -> list[str]:
        """Return the tags of a commit that was done although its answer was lost."""
        tags = [""] * len(changes)
        for step in steps:
            change = changes[step.change]
            if isinstance(change, Put):
                now = await self._records.read(place, step.operation[1][-1]["id"])
                ours = now is not None and now.get("op") == op
                tags[step.change] = items.bare(now["_etag"]) if now and ours else f"past-{op}"
            elif isinstance(change, Look):
                now = await self._records.read(place, step.operation[1][0])
                tags[step.change] = "" if now is None else _seen(change, now)
        return tags


def _put(number: int, put: Put, item: Item) -> Step:
    if put.if_absent and put.if_etag is not None:
        raise ValueError("a Put has at most one condition")
    if put.if_absent:
        return Step(number, ("create", (item,)), _TAKEN)
    if put.if_etag is not None:
        condition = {"if_match_etag": items.quoted(put.if_etag)}
        return Step(number, ("replace", (item["id"], item), condition), _STALE)
    return Step(number, ("upsert", (item,)))


def _require_room(batch: Sequence[Operation]) -> None:
    bodies = [one[1][-1] for one in batch if isinstance(one[1][-1], dict)]
    if sum(items.weight(body) for body in bodies if "body" in body) > MOST_BYTES:
        raise TooLargeError(limit_bytes=MOST_BYTES)


def _raise_meaning(step: Step, refused: BatchRefusedError) -> None:
    """Raise what a refusal means; return if it only says to look again."""
    if (meaning := step.meaning.get(refused.status)) is not None:
        error = meaning()
        raise error from refused
    if refused.status == _TOO_LARGE:
        raise TooLargeError(limit_bytes=MOST_BYTES) from refused
    if refused.status not in (_GONE, _CHANGED):
        raise UnavailableError(dependency="records", retry_after=1) from refused


def _require_own(refused: BatchRefusedError) -> None:
    """Require that the proof was refused because it is there: only this commit makes it."""
    if refused.status != _EXISTS:
        raise UnavailableError(dependency="records", retry_after=1) from refused


def _tags(changes: Sequence[Change], steps: Sequence[Step], said: Sequence[Item]) -> list[str]:
    tags = [""] * len(changes)
    for step, answer in zip(steps, said, strict=True):
        change = changes[step.change]
        if isinstance(change, Put):
            tags[step.change] = items.bare(answer["eTag"])
        elif isinstance(change, Look):
            tags[step.change] = _seen(change, {**answer["resourceBody"], "_etag": answer["eTag"]})
    return tags


def _seen(look: Look, item: Item) -> str:
    found = items.stored(look.kind, item)
    return found.etag if look.sees(found.value) else ""
