"""What evidence a stage still lacks, and in which order to make it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pipelines.readiness.catalogue import Source
from pipelines.readiness.judge import Moment
from pipelines.readiness.model import Environment, Evidence
from pipelines.readiness.policy import Policy


class State(StrEnum):
    """What is to be done about one kind of evidence."""

    FRESH = "fresh"
    MAKE = "make"
    ELSEWHERE = "elsewhere"
    NOT_BUILT = "not built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One kind of evidence, and what is to be done about it."""

    source: Source
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants made: for a moment's stage, in an environment; `only` these kinds."""

    moment: Moment
    environment: Environment
    only: frozenset[str] = frozenset()


def plan(policy: Policy, evidence: Evidence, wish: Wish) -> tuple[Step, ...]:
    """Return a step per kind of evidence, in an order in which each finds what it reads.

    Kinds that are named are made even if they are fresh or not demanded.
    """
    limits = _limits(policy, wish)
    states: dict[str, State] = {}
    for source in ordered(policy, wish.only or frozenset(limits)):
        old = any(states.get(name) is State.MAKE for name in source.after)
        fresh = _is_fresh(evidence, source, limits.get(source.id, timedelta()), wish)
        states[source.id] = _state(source, wish, fresh=fresh and not old)
    return tuple(Step(source=policy.sources[name], state=state) for name, state in states.items())


def ordered(policy: Policy, wanted: frozenset[str]) -> Iterator[Source]:
    """Yield the kinds that are wanted; what reads other evidence comes after it."""
    done: set[str] = set()
    waiting = [source for source in policy.sources.values() if source.id in wanted]
    while waiting:
        ready = [s for s in waiting if not (set(s.after) & wanted) - done] or waiting
        for source in ready:
            yield source
            done.add(source.id)
            waiting.remove(source)


def _limits(policy: Policy, wish: Wish) -> dict[str, timedelta]:
    found: dict[str, timedelta] = {}
    for criterion in policy.criteria:
        for demand in criterion.demanded_at(wish.moment.stage):
            if demand.environment is wish.environment:
                known = found.get(demand.evidence, demand.max_age)
                found[demand.evidence] = min(known, demand.max_age)
    return found


def _is_fresh(evidence: Evidence, source: Source, limit: timedelta, wish: Wish) -> bool:
    material = evidence.get((source.id, wish.environment))
    if material is None or material.report is None or source.id in wish.only:
        return False
    record, subject = material.record, wish.moment.subject
    if record.exit_code not in source.reader.exits:
        return False  # it ended before it had looked at everything
    same = record.commit == subject.commit and not record.dirty and not subject.dirty
    return same and wish.moment.now - record.finished <= limit


def _state(source: Source, wish: Wish, *, fresh: bool) -> State:
    if fresh:
        return State.FRESH
    if source.elsewhere is not None:
        return State.ELSEWHERE
    lacking = [need for need in source.needs if need in wish.moment.subject.lacks]
    return State.NOT_BUILT if lacking else State.MAKE
