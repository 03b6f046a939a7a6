"""All alerts: one for each objective's budget, and the causes written by hand (`causes.yaml`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards import burning
from dashboards.located import Part, read
from dashboards.objectives import Objective
from dashboards.signals import Signals, strangers

PATH = "dashboards/causes.yaml"
RUNBOOKS = "runbooks/alerts"
SEVERITIES = ("page", "ticket")
OWNERS = (
    *("api-lead", "platform-lead", "privacy-officer", "product-owner"),
    *("security-lead", "sre-lead"),
)
# What Azure's log alerts take (Microsoft.Insights/scheduledQueryRules): two days at most.
EVERY = ("5m", "10m", "15m", "30m", "45m", "1h", "2h", "3h", "4h", "5h", "6h", "1d")
OVER = ("10m", "15m", "30m", "45m", "1h", "2h", "3h", "4h", "5h", "6h", "1d", "2d")
BUDGETS_OWNER = "sre-lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One question asked regularly: a row means that the alert is raised.

    `scheduled` questions look back further than Azure's alerts can: we ask them ourselves.
    """

    name: str
    severity: str
    over: str
    every: str
    query: str
    scheduled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What somebody is told of, with the rules that raise it; its runbook has its name."""

    name: str
    summary: str
    owner: str
    objective: str | None
    rules: tuple[Rule, ...]

    @property
    def runbook(self) -> str:
        """Return the path of its runbook."""
        return f"{RUNBOOKS}/{self.name}.md"

    @property
    def severity(self) -> str:
        """Return the gravest severity of its rules."""
        return min((rule.severity for rule in self.rules), key=SEVERITIES.index)


def load(root: Path, signals: Signals, objectives: list[Objective]) -> list[Alert]:
    """Return all alerts; raises DefinitionError, also for one without a runbook."""
    found: dict[str, Alert] = {}
    for alert, place in (*_budgets(objectives), *_causes(root, signals)):
        if alert.name in found:
            raise place.refuse(f"a second alert {alert.name!r}")
        if not (root / alert.runbook).is_file():
            raise place.refuse(f"{alert.name} has no runbook: write {alert.runbook}")
        found[alert.name] = alert
    return list(found.values())


def _budgets(objectives: list[Objective]) -> Iterator[tuple[Alert, Part]]:
    for objective in objectives:
        rules = tuple(
            Rule(
                name=f"{objective.alert}-{rate.name}",
                severity=rate.severity,
                over=rate.long,
                every=rate.every,
                query=burning.query(objective, rate),
                scheduled=rate.scheduled,
            )
            for rate in burning.RATES
        )
        alert = Alert(
            name=objective.alert,
            summary=f"{objective.title}: the error budget burns faster than it lasts.",
            owner=BUDGETS_OWNER,
            objective=objective.name,
            rules=rules,
        )
        yield alert, objective.place


def _causes(root: Path, signals: Signals) -> Iterator[tuple[Alert, Part]]:
    for document in read(root, PATH):
        keys = document.only("name", "severity", "owner", "over", "every", "summary", "query")
        rule = Rule(
            name=document.text("name"),
            severity=document.choice(SEVERITIES, "severity"),
            over=document.choice(OVER, "over"),
            every=document.choice(EVERY, "every"),
            query=document.text("query").strip() + "\n",
        )
        if not re.fullmatch(r"[A-Z][A-Za-z]+", rule.name):
            raise keys["name"].refuse(f"{rule.name!r} is not a name such as DiskFilling")
        _asks_what_is_there(signals, rule, keys["query"])
        alert = Alert(
            name=rule.name,
            summary=document.text("summary"),
            owner=document.choice(OWNERS, "owner"),
            objective=None,
            rules=(rule,),
        )
        yield alert, keys["name"]


def _asks_what_is_there(signals: Signals, rule: Rule, place: Part) -> None:
    unknown = strangers(signals, rule.query)
    if unknown:
        raise place.refuse(f"asks for what signals.yaml does not hold: {', '.join(unknown)}")
    if f"ago({rule.over})" not in rule.query:
        raise place.refuse(f"does not look back over {rule.over}")


def listed(alerts: list[Alert]) -> dict[str, Any]:
    """Return what whoever deploys the alerts reads (`alerts.yaml`)."""
    return {"alerts": [_described(alert) for alert in alerts]}


def _described(alert: Alert) -> dict[str, Any]:
    objective = {"objective": alert.objective} if alert.objective else {}
    return {
        "name": alert.name,
        "summary": alert.summary,
        "owner": alert.owner,
        **objective,
        "runbook": alert.runbook,
        "rules": [
            {
                "name": rule.name,
                "severity": rule.severity,
                "over": rule.over,
                "every": rule.every,
                "evaluated": "by-schedule" if rule.scheduled else "by-azure",
                "query": rule.query,
            }
            for rule in alert.rules
        ],
    }
