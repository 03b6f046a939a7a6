"""How fast an error budget burns, asked in KQL over two windows at once.

The windows and rates are those of Google's SRE workbook, "Alerting on SLOs": the long window shows
that the fault is significant, the short one that it goes on, so that an alert resolves soon.
"""

from dataclasses import dataclass

from dashboards.objectives import Objective, Selection

# Fewer bad events than this in the long window raise nothing: one error at night is no incident.
LEAST_BAD = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate at which a budget must not burn, over a long window and still in the short one.

    `every` is how often Azure asks. Its alerts see two days at most: what needs longer is asked on
    a schedule by us (`scheduled`).
    """

    severity: str
    factor: float
    long: str
    short: str
    every: str
    scheduled: bool = False

    @property
    def name(self) -> str:
        """Return what tells this rate from the others of an objective."""
        return f"{self.long}-{self.short}"


RATES = (
    Rate("page", 14.4, "1h", "5m", "5m"),
    Rate("page", 6, "6h", "30m", "15m"),
    Rate("ticket", 3, "1d", "2h", "1h"),
    Rate("ticket", 1, "3d", "6h", "6h", scheduled=True),
)


def query(objective: Objective, rate: Rate) -> str:
    """Return the KQL that yields a row while the budget burns faster than the rate."""
    total, good = objective.total, objective.good
    narrower = {name: kept for name, kept in good.where.items() if kept != total.where.get(name)}
    is_good = condition(Selection(good.metric, narrower, good.within))
    burn = f"> {rate.factor:g} * {objective.budget:g}"
    return f"""AppMetrics
| where TimeGenerated > ago({rate.long}) and Name == "{total.metric}"
| where {condition(total)}
| extend recent = TimeGenerated > ago({rate.short}), bad = iff({is_good}, 0.0, Sum)
| summarize events = sum(Sum), bad = sum(bad),
    recentEvents = sumif(Sum, recent), recentBad = sumif(bad, recent)
| where bad >= {LEAST_BAD} and bad {burn} * events and recentBad {burn} * recentEvents
| project events, bad, share = bad / events, recentShare = recentBad / recentEvents
"""


def condition(selection: Selection) -> str:
    """Return the KQL that tells the events of a selection from the others of its metric."""
    asked = []
    for name, values in selection.where.items():
        listed = ", ".join(f'"{value}"' for value in values)
        asked.append(f'tostring(Properties["{name}"]) in ({listed})')
    if selection.within is not None:
        name, bound = selection.within
        asked.append(f'todouble(Properties["{name}"]) <= {bound:g}')
    return " and ".join(asked) or "true"
