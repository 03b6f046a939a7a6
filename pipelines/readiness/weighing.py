"""What one report says of one demand: failed, missing, stale, waived or passed, in that order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from pipelines.readiness import doubts
from pipelines.readiness.checks.check import Asked, Check, UnreadableReportError
from pipelines.readiness.model import Demand, Material, Outcome, Reading, Reason, Waiver
from pipelines.readiness.reasons import names
from pipelines.readiness.verdict import Answer, Seen

# What a check meets in a report that is not what its tool writes.
MALFORMED = (
    UnreadableReportError,
    ParseError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A report that counts, the demand that it is to answer, and how it is read."""

    material: Material
    demand: Demand
    check: Check
    asked: Asked
    waivers: Mapping[str, Waiver]


def weigh(exhibit: Exhibit) -> Answer:
    """Read the report and answer the demand; a report that cannot be read answers nothing."""
    record = exhibit.material.record
    try:
        reading = exhibit.check.read(exhibit.material.report or b"", exhibit.asked)
    except MALFORMED as error:
        why = f"{type(error).__name__}: {error}"[:200]
        return Answer(
            demand=exhibit.demand,
            outcome=Outcome.MISSING,
            reason=Reason("unreadable", {"evidence": record.id, "why": why}),
            record=exhibit.material.path,
        )
    found = tuple(_seen(reading, exhibit))
    outcome, reason = next(_conclusions(reading, found, exhibit))
    return Answer(
        demand=exhibit.demand,
        outcome=outcome,
        reason=reason,
        findings=found,
        facts=reading.facts,
        record=exhibit.material.path,
    )


def _seen(reading: Reading, exhibit: Exhibit) -> Iterator[Seen]:
    for finding in reading.findings:
        fingerprint = finding.fingerprint(exhibit.check.id)
        waiver = exhibit.waivers.get(fingerprint)
        yield Seen(finding=finding, fingerprint=fingerprint, waiver=waiver)


def _conclusions(
    reading: Reading, found: tuple[Seen, ...], exhibit: Exhibit
) -> Iterator[tuple[Outcome, Reason]]:
    """Yield what can be concluded, the gravest first; the last one is that it passed."""
    record, check, asked = exhibit.material.record, exhibit.check, exhibit.asked
    still_open = [seen.finding for seen in found if seen.waiver is None]
    if still_open:
        first = f"{still_open[0].rule} {still_open[0].where}: {still_open[0].message}"
        yield Outcome.FAILED, Reason("failed", {"count": str(len(still_open)), "first": first})
    yield from doubts.of_coverage(record, reading, asked.options, exact=check.exact)
    yield from doubts.of_age(record, reading, exhibit.demand, asked.now)
    waived = sorted({seen.waiver.id for seen in found if seen.waiver})
    if waived:
        said = {"count": str(len(found)), "waivers": names(waived)}
        yield Outcome.WAIVED, Reason("waived", said)
    yield Outcome.PASSED, Reason("passed", {"seen": str(len(reading.seen))})
