"""The matrix: every case that an operation is tried with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import httpx2

from app.core.access import RULES, WHOLE_TENANT
from app.core.models import Scope, SpaceRole
from app.core.roles import ROLES
from tests.authz import callers, expecting
from tests.authz.callers import EVERY_SCOPE, Caller
from tests.authz.expecting import ANSWERED, Verdict, expected
from tests.authz.makers import Ids, objects_of
from tests.authz.operations import Operation
from tests.authz.world import OWNER, STRANGER, World

_SCOPED = EVERY_SCOPE - {Scope.ADMIN_ALL}


@dataclass(slots=True)
class Trial:
    """One operation in one world: what was tried, and what was found wrong."""

    world: World
    operation: Operation
    requests: int = 0
    cases: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    async def holds(self, caller: Caller, ids: Ids, verdict: Verdict) -> httpx2.Response:
        """Ask, and hold the answer and what it left behind against what was expected."""
        before = None if verdict is ANSWERED else self.world.stored()
        answer = await self._asked(caller, ids)
        if wrong := expecting.differing(answer, verdict):
            self._wrong(wrong)
        if before is not None and (changed := before ^ self.world.stored()):
            self._wrong(f"a refusal changed {sorted(map(str, changed))}")
        if answer.is_success and (strange := self._out_of_reach(answer, caller)):
            self._wrong(f"the answer names {sorted(strange)}")
        return answer

    def _out_of_reach(self, answer: httpx2.Response, caller: Caller) -> set[str]:
        if caller.scopes is None:
            return set()
        named = self.world.named(expecting.ids(answer))
        closed = {} if self.operation.id in WHOLE_TENANT else self.world.closed
        return expecting.out_of_reach(named, caller, closed)

    async def refuses(self, caller: Caller, ids: Ids, twin: Ids, verdict: Verdict) -> None:
        """Hold a refusal, and that it is the one for objects that do not exist."""
        answer = await self.holds(caller, ids, verdict)
        other = await self._asked(caller, twin)
        if verdict is not ANSWERED and expecting.told(answer) != expecting.told(other):
            self._wrong(f"told apart from what does not exist: {answer.text} {other.text}")

    async def _asked(self, caller: Caller, ids: Ids) -> httpx2.Response:
        self.requests += 1
        return await self.world.ask(self.operation, caller, ids)

    def _wrong(self, what: str) -> None:
        self.found.append(f"{self.operation} · {self.cases[-1]}: {what}")

    async def objects(self) -> Ids:
        """Return the owner's objects: new ones if they may be changed."""
        return await self.world.fresh() if self.operation.changes else self.world.owned


async def tried(world: World, operation: Operation) -> Trial:
    """Try an operation with every case."""
    trial = Trial(world, operation)
    for name, case in await _cases(trial):
        trial.cases.append(name)
        await case()
    return trial


Case = tuple[str, Callable[[], Awaitable[None]]]


async def _cases(trial: Trial) -> Sequence[Case]:
    world = trial.world
    people = [*world.bad, *await _scoped(trial), *_roles(world, OWNER), world.owner]
    cases: list[Case] = [(who.name, _at_home(trial, who)) for who in people]
    cases.append(("key kept to this space", _kept(trial)))
    outsiders = await _outsiders(world)
    cases += [(who.name, _outside(trial, who, own, theirs)) for who, own, theirs in outsiders]
    cases += [(who.name, _member(trial, who, role)) for role, who in world.members.items()]
    cases.append(("administrator, of a members' space", _member(trial, world.owner, None)))
    if len(_nested(trial)) > 1:
        cases.append(("object of another space", _misplaced(trial)))
    if trial.operation.method == "POST":
        cases.append(("other tenant, same Idempotency-Key", _again(trial, outsiders[0][0])))
    return cases


async def _scoped(trial: Trial) -> list[Caller]:
    """Return a caller with every scope but the one needed, and one with no other."""
    rule = RULES[trial.operation.id]
    needed = frozenset({rule} if rule else ())
    ports = trial.world.ports
    return [
        await callers.holding(ports, "every scope but the needed", OWNER, _SCOPED - needed),
        await callers.holding(ports, "no scope but the needed", OWNER, needed),
    ]


def _roles(world: World, tenant: str) -> list[Caller]:
    return [callers.in_role(world.issuer, role, tenant) for role in ROLES]


async def _outsiders(world: World) -> list[tuple[Caller, Ids, Ids]]:
    """Return who reaches some objects, those, and others that are out of reach."""
    administrator = callers.in_role(world.issuer, "admin", STRANGER)
    kept = world.besides["space_id"], world.besides["second_space_id"]
    ports = world.ports
    nowhere = await callers.holding(ports, "member of no space", OWNER, _SCOPED)
    return [
        (
            await callers.holding(ports, "other tenant's key", STRANGER, EVERY_SCOPE),
            world.strange,
            world.owned,
        ),
        (replace(administrator, name="other tenant's admin"), world.strange, world.owned),
        (replace(world.owner, name="owner at the stranger's"), world.owned, world.strange),
        (
            await callers.holding(ports, "key kept to another space", OWNER, EVERY_SCOPE, *kept),
            world.besides,
            world.owned,
        ),
        (nowhere, world.owned, world.guarded),
        (world.outsider, world.club, world.guarded),
    ]


def _at_home(trial: Trial, who: Caller) -> Callable[[], Awaitable[None]]:
    async def case() -> None:
        verdict = expected(trial.operation, who)
        if verdict is ANSWERED:
            await trial.holds(who, await trial.objects(), verdict)
        else:
            await trial.refuses(who, trial.world.owned, trial.world.missing, verdict)

    return case


def _kept(trial: Trial) -> Callable[[], Awaitable[None]]:
    """Try a key kept to the spaces of the objects, with another query that spans a third."""

    async def case() -> None:
        world = trial.world
        ids = await world.fresh() if trial.operation.changes else world.besides
        spaces = ids["space_id"], ids["second_space_id"]
        who = await callers.holding(world.ports, "kept", OWNER, EVERY_SCOPE, *spaces)
        await trial.holds(who, ids, expected(trial.operation, who))

    return case


def _member(trial: Trial, who: Caller, role: SpaceRole | None) -> Callable[[], Awaitable[None]]:
    """Try a member of the space in which the objects are, or (without a role) an administrator."""

    async def case() -> None:
        world, operation = trial.world, trial.operation
        ids = await world.fresh(world.roles) if operation.changes else world.guarded
        inside = role if objects_of(operation) else None
        await trial.holds(who, ids, expected(operation, who, role=inside))

    return case


def _outside(trial: Trial, who: Caller, own: Ids, theirs: Ids) -> Callable[[], Awaitable[None]]:
    """Try each object out of reach alone, between objects within reach, and all together."""

    async def case() -> None:
        names = objects_of(trial.operation)
        if not names:
            await trial.holds(who, own, expected(trial.operation, who))
            return
        verdict = expected(trial.operation, who, within_reach=False)
        missing = trial.world.missing
        for swapped in dict.fromkeys([*((name,) for name in names), tuple(names)]):
            ids = {**own, **{name: theirs[name] for name in swapped}}
            twin = {**own, **{name: missing[name] for name in swapped}}
            await trial.refuses(who, ids, twin, verdict)

    return case


def _nested(trial: Trial) -> list[str]:
    """Return the ids in the path."""
    return [name for name in trial.operation.names if name in trial.world.owned]


def _misplaced(trial: Trial) -> Callable[[], Awaitable[None]]:
    """Try a path through one's own space to one's own object in another."""

    async def case() -> None:
        world = trial.world
        outer = {_nested(trial)[0]: world.besides[_nested(trial)[0]]}
        verdict = expected(trial.operation, world.owner, within_reach=False)
        await trial.refuses(
            world.owner, {**world.owned, **outer}, {**world.missing, **outer}, verdict
        )

    return case


def _again(trial: Trial, stranger: Caller) -> Callable[[], Awaitable[None]]:
    """Try what the owner has just done, under the same Idempotency-Key."""

    async def case() -> None:
        ids, same = await trial.objects(), f'"{trial.operation}"'
        owner, stranger_ = (
            replace(who, headers={**who.headers, "Idempotency-Key": same})
            for who in (trial.world.owner, stranger)
        )
        await trial.holds(owner, ids, expected(trial.operation, owner))
        if objects_of(trial.operation):
            verdict = expected(trial.operation, stranger_, within_reach=False)
            await trial.refuses(stranger_, ids, trial.world.missing, verdict)
        else:
            await trial.holds(stranger_, ids, expected(trial.operation, stranger_))

    return case
