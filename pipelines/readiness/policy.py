"""What the gate goes by: criteria, the catalogue of evidence, waivers, objectives; all are data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipelines.readiness.catalogue import Source, read_options, read_sources
from pipelines.readiness.located import Table, read_toml, unique
from pipelines.readiness.model import (
    FINGERPRINT_DIGITS,
    Area,
    Criterion,
    Demand,
    Environment,
    Severity,
    Stage,
    Waiver,
    same_person,
)
from pipelines.readiness.objectives import Objectives, read_objectives

CRITERIA, EVIDENCE, WAIVERS = "criteria.toml", "evidence.toml", "waivers.toml"
FOLDER = "pipelines/readiness"
OBJECTIVES = "dashboards/objectives.yaml"
MOST_WAIVER_DAYS, MOST_DAYS = 90, 366
# Read by what makes evidence; they decide what is demanded all the same.
ROWS = ("security/controls.toml", "security/threats.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which severities block, and how long waivers may last and when to warn before they end."""

    blocks: frozenset[Severity]
    waiver_days: int
    warning_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that the gate goes by, checked; `files` are those it was read from."""

    rules: Rules
    criteria: tuple[Criterion, ...]
    sources: Mapping[str, Source]
    waivers: tuple[Waiver, ...]
    objectives: Objectives | None
    files: tuple[str, ...]

    def criterion(self, name: str) -> Criterion | None:
        """Return a criterion by its id, in either case."""
        return next((c for c in self.criteria if c.id.lower() == name.lower()), None)


def load_policy(root: Path) -> Policy:
    """Read the policy of a repository; ConfigurationError names the file and the line."""
    paths = {name: f"{FOLDER}/{name}" for name in (CRITERIA, EVIDENCE, WAIVERS)}
    sources = read_sources(read_toml(root / paths[EVIDENCE], paths[EVIDENCE]))
    table = read_toml(root / paths[CRITERIA], paths[CRITERIA])
    table.only("policy", "criterion")
    rules = _rules(Table(table.need("policy", dict), table.place))
    criteria = _criteria(table, sources)
    waivers = read_toml(root / paths[WAIVERS], paths[WAIVERS])
    return Policy(
        rules=rules,
        criteria=criteria,
        sources=sources,
        waivers=_waivers(waivers, {made.id: made for made in criteria}, rules),
        objectives=read_objectives(root / OBJECTIVES, OBJECTIVES),
        files=tuple(p for p in (*paths.values(), OBJECTIVES, *ROWS) if (root / p).is_file()),
    )


def _rules(table: Table) -> Rules:
    table.only("blocks", "waiver_days", "warning_days")
    blocks = table.texts("blocks")
    try:
        severities = frozenset(Severity(name) for name in blocks)
    except ValueError as error:
        raise table.refuse(str(error), "blocks") from None
    if Severity.CRITICAL not in severities:
        raise table.refuse("critical must block", "blocks")
    return Rules(
        blocks=severities,
        waiver_days=table.whole("waiver_days", 1, MOST_WAIVER_DAYS),
        warning_days=table.whole("warning_days", 0, MOST_WAIVER_DAYS),
    )


def _criteria(table: Table, sources: Mapping[str, Source]) -> tuple[Criterion, ...]:
    rows = table.tables("criterion")
    if not rows:
        raise table.refuse("no [[criterion]]")
    unique(rows)
    return tuple(_criterion(row, sources) for row in rows)


def _criterion(row: Table, sources: Mapping[str, Source]) -> Criterion:
    row.only(
        *("id", "area", "statement", "severity", "owner", "runbook"),
        *("standards", "waivable", "demand"),
    )
    demands = [_demand(part, sources) for part in row.tables("demand")]
    if not demands:
        raise row.refuse("no [[criterion.demand]]: nothing would ever decide it")
    return Criterion(
        id=row.text("id"),
        area=row.choice("area", Area),
        statement=row.bilingual("statement"),
        severity=row.choice("severity", Severity),
        owner=row.text("owner"),
        runbook=row.text("runbook"),
        standards=row.texts("standards"),
        waivable=row.need("waivable", bool),
        demands=tuple(demands),
    )


def _demand(row: Table, sources: Mapping[str, Source]) -> Demand:
    row.only("evidence", "stage", "environment", "max_age_days", "options")
    name = row.text("evidence")
    if name not in sources:
        raise row.refuse(f"no [[evidence]] is called {name!r} in {EVIDENCE}", "evidence")
    return Demand(
        evidence=name,
        stage=row.choice("stage", Stage),
        environment=row.choice("environment", Environment),
        max_age=timedelta(days=row.whole("max_age_days", 1, MOST_DAYS)),
        options=read_options(row, sources[name].reader),
    )


def _waivers(table: Table, criteria: Mapping[str, Criterion], rules: Rules) -> tuple[Waiver, ...]:
    table.only("waiver")
    rows = table.tables("waiver")
    unique(rows)
    return tuple(_waiver(row, criteria, rules) for row in rows)


def _waiver(row: Table, criteria: Mapping[str, Criterion], rules: Rules) -> Waiver:
    row.only(*Waiver.__slots__)
    made = Waiver(
        **{name: row.text(name) for name in Waiver.__slots__ if name not in {"created", "expires"}},
        created=row.need("created", date),
        expires=row.need("expires", date),
    )
    criterion = criteria.get(made.criterion)
    if criterion is None:
        raise row.refuse(f"there is no criterion {made.criterion!r}", "criterion")
    if not criterion.waivable:
        raise row.refuse(f"{made.criterion} cannot be waived", "criterion")
    if len(made.fingerprint) != FINGERPRINT_DIGITS or set(made.fingerprint) - set(
        "0123456789abcdef"
    ):
        raise row.refuse("'fingerprint' must be the one that `explain` prints", "fingerprint")
    if same_person(made.approver, made.author) or same_person(made.approver, made.owner):
        raise row.refuse("the approver must be neither the author nor the owner", "approver")
    if not timedelta() < made.expires - made.created <= timedelta(days=rules.waiver_days):
        said = f"'expires' must be within {rules.waiver_days} days of 'created'"
        raise row.refuse(said, "expires")
    return made
