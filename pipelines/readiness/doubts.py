"""Why evidence does not count: it speaks of something else, is too old, or proves too little."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipelines.readiness.catalogue import Source
from pipelines.readiness.checks.check import matches
from pipelines.readiness.model import (
    Demand,
    Environment,
    Material,
    Options,
    Outcome,
    Reading,
    Reason,
    Record,
)
from pipelines.readiness.reasons import names
from pipelines.readiness.verdict import Subject

Doubt = tuple[Outcome, Reason]
CLOCK_SKEW = timedelta(minutes=5)
DATABASE_DAYS = 7


def not_there(source: Source, demand: Demand, subject: Subject) -> Reason:
    """Say why there is no record at all."""
    lacking = [need for need in source.needs if need in subject.lacks]
    if source.elsewhere is not None:
        return Reason("elsewhere", {"evidence": source.id, "where": source.elsewhere})
    if lacking:
        return Reason("not-built", {"evidence": source.id, "needs": names(lacking)})
    return Reason("not-made", {"evidence": source.id, "environment": str(demand.environment)})


def of_provenance(
    material: Material, demand: Demand, subject: Subject, now: datetime
) -> Iterator[Doubt]:
    """Yield what is wrong with where, when and of what the evidence was made."""
    record = material.record
    yield from _of_subject(record, subject)
    if record.finished > now + CLOCK_SKEW:
        yield Outcome.MISSING, _about(record, "from-the-future", time=f"{record.finished:%F %T}")
    if demand.environment is Environment.STAGING and not remote(record.target):
        yield Outcome.MISSING, _about(record, "local-target", target=record.target or "(none)")
    if now - record.finished > demand.max_age:
        yield Outcome.STALE, aged(record, "too-old", now - record.finished, demand.max_age)


def of_run(material: Material, exits: frozenset[int]) -> Iterator[Doubt]:
    """Yield what kept the tool from leaving a report that counts."""
    record = material.record
    if record.not_run:
        yield Outcome.MISSING, _about(record, "not-run", why=record.not_run)
    elif record.exit_code not in exits:
        yield Outcome.MISSING, _about(record, "crashed", code=str(record.exit_code))
    elif material.report is None:
        yield Outcome.MISSING, _about(record, "altered")


def of_age(record: Record, reading: Reading, demand: Demand, now: datetime) -> Iterator[Doubt]:
    """Yield what the report speaks of that is older than the report itself."""
    if reading.dated is not None and now - reading.dated > demand.max_age:
        age = now - reading.dated
        yield Outcome.STALE, aged(record, "review-too-old", age, demand.max_age)
    if reading.dated is not None and reading.dated > now + CLOCK_SKEW:
        yield Outcome.MISSING, _about(record, "from-the-future", time=f"{reading.dated:%F}")
    if record.database is not None:
        age, limit = now - record.database.newest, timedelta(days=DATABASE_DAYS)
        if age > limit:
            yield Outcome.STALE, aged(record, "database-too-old", age, limit)


def of_coverage(
    record: Record, reading: Reading, options: Options, *, exact: bool
) -> Iterator[Doubt]:
    """Yield what the tool should have looked at and did not."""
    for reason in _of_proof(record, exact=exact):
        yield Outcome.MISSING, reason
    allowed = tuple(options.get("may_skip", ()))
    skipped = [name for name in reading.skipped if not matches(name, allowed)]
    least = options.get("at_least", 1)
    if reading.errors:
        many, first = str(len(reading.errors)), reading.errors[0]
        yield Outcome.MISSING, _about(record, "tool-errors", count=many, first=first)
    if reading.absent:
        yield Outcome.MISSING, _about(record, "absent", names=names(reading.absent))
    if skipped:
        yield Outcome.MISSING, _about(record, "skipped", names=names(skipped))
    if len(reading.seen) < least:
        seen = str(len(reading.seen))
        yield Outcome.MISSING, _about(record, "too-few", seen=seen, least=str(least))


def _of_proof(record: Record, *, exact: bool) -> Iterator[Reason]:
    proof = record.coverage
    if proof.errors:
        yield _about(record, "tool-errors", count=str(proof.errors), first="see the report")
    if proof.seen < proof.expected or not proof.expected:
        seen, expected = str(proof.seen), str(proof.expected)
        missed = names(proof.unseen) or "?"
        yield _about(record, "unseen", seen=seen, expected=expected, names=missed)
    if exact and proof.unexpected:
        yield _about(record, "unexpected", names=names(proof.unexpected))


def _of_subject(record: Record, subject: Subject) -> Iterator[Doubt]:
    if subject.dirty:
        yield Outcome.STALE, Reason("dirty-tree")
    if record.commit != subject.commit:
        yield Outcome.STALE, _about(record, "other-commit", commit=record.commit[:12])
    if record.dirty:
        yield Outcome.STALE, _about(record, "dirty-record")


def remote(target: str) -> bool:
    """Say whether an address is https and not of this machine or its private networks."""
    url = urlsplit(target)
    host = url.hostname or ""
    try:
        return url.scheme == "https" and ip_address(host).is_global
    except ValueError:
        return url.scheme == "https" and "." in host and not host.endswith((".localhost", ".local"))


def aged(record: Record, code: str, age: timedelta, limit: timedelta) -> Reason:
    """Return a reason that names an age and the most that is allowed, in days."""
    return _about(record, code, age=str(age.days), limit=str(limit.days))


def _about(record: Record, code: str, /, **values: str) -> Reason:
    return Reason(code, {"evidence": record.id, **values})
