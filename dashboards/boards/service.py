"""How the service keeps its objectives, and what its requests and jobs do."""

from typing import Any

from dashboards.boards.panels import Panel, dashboard, series
from dashboards.burning import condition
from dashboards.objectives import Objective

TRAFFIC = (
    Panel(
        title="Requests by class",
        about="Requests answered a second.",
        unit="reqps",
        query=series(
            "eva.requests",
            """
| summarize rate = sum(Sum) / ($__interval / 1s)
    by bin(TimeGenerated, $__interval), class = tostring(Properties["class"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Requests that did not succeed",
        about="A second: refused is the client's fault, limited and shed are decisions.",
        unit="reqps",
        query=series(
            "eva.requests",
            """
| extend outcome = tostring(Properties["outcome"])
| where outcome != "ok"
| summarize rate = sum(Sum) / ($__interval / 1s) by bin(TimeGenerated, $__interval), outcome
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Duration by route, mean",
        about="Buckets do not reach Azure Monitor: a mean, and the slowest in the next panel.",
        unit="s",
        query=series(
            "eva.request.duration",
            """
| summarize mean = sum(Sum) / sum(ItemCount)
    by bin(TimeGenerated, $__interval), route = tostring(Properties["http.route"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Slowest request by route",
        about="The longest duration in each interval.",
        unit="s",
        query=series(
            "eva.request.duration",
            """
| summarize slowest = max(Max)
    by bin(TimeGenerated, $__interval), route = tostring(Properties["http.route"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Requests under way",
        about="In each process.",
        unit="short",
        query=series(
            "eva.requests.active",
            """
| summarize active = max(Sum) by bin(TimeGenerated, $__interval), AppRoleInstance
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Answers by band",
        about="A minute: answered, closest passages, honest refusals, failures.",
        unit="cpm",
        query=series(
            "eva.answers",
            """
| summarize rate = sum(Sum) / ($__interval / 1m)
    by bin(TimeGenerated, $__interval), band = tostring(Properties["band"])
| order by TimeGenerated asc
""",
        ),
    ),
)


WORK = (
    Panel(
        title="Jobs waiting",
        about="Jobs that nobody holds yet, by kind.",
        unit="short",
        query=series(
            "eva.jobs.waiting",
            """
| summarize jobs = max(Sum)
    by bin(TimeGenerated, $__interval), work = tostring(Properties["kind"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Age of the oldest waiting job",
        about="Above five minutes somebody is called.",
        unit="s",
        steps={"red": 300},
        query=series(
            "eva.jobs.oldest_age",
            """
| summarize age = max(Sum)
    by bin(TimeGenerated, $__interval), work = tostring(Properties["kind"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Dead letters",
        about="Jobs given up, now.",
        unit="short",
        kind="stat",
        steps={"red": 1},
        query=series(
            "eva.jobs.dead",
            """
| summarize arg_max(TimeGenerated, Sum)
| project dead = Sum
""",
        ),
    ),
    Panel(
        title="Audit trail: age of what is not sealed",
        about="A checkpoint is due every minute.",
        unit="s",
        steps={"yellow": 120, "red": 300},
        query=series(
            "eva.audit.unsealed_age",
            """
| summarize age = max(Sum) by bin(TimeGenerated, $__interval), AppRoleInstance
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Memory of each process",
        about="Resident.",
        unit="bytes",
        query=series(
            "process.memory.usage",
            """
| summarize memory = max(Sum) by bin(TimeGenerated, $__interval), AppRoleInstance
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Processor of each process",
        about="Cores in use.",
        unit="short",
        query=series(
            "process.cpu.time",
            """
| summarize cores = sum(Sum) / ($__interval / 1s)
    by bin(TimeGenerated, $__interval), AppRoleInstance
| order by TimeGenerated asc
""",
        ),
    ),
)


def board(objectives: list[Objective]) -> dict[str, Any]:
    """Return the dashboard."""
    panels = [*(_budget(objective) for objective in objectives), *TRAFFIC, *WORK]
    return dashboard(
        "eva-service", "EVA API: service", "Objectives, requests, answers and jobs.", panels
    )


def _budget(objective: Objective) -> Panel:
    good = condition(objective.good)
    total = objective.total
    query = f"""AppMetrics
| where TimeGenerated > ago({objective.window_days}d) and Name == "{total.metric}"
| where {condition(total)}
| extend bad = iff({good}, 0.0, Sum)
| summarize events = sum(Sum), bad = sum(bad)
| where events > 0
| project left = 1 - bad / events / {objective.budget:g}
"""
    return Panel(
        title=f"Budget left: {objective.title[0].lower()}{objective.title[1:]}",
        about=f"Error budget left of {objective.window_days} days ({objective.target:.2%} good).",
        unit="percentunit",
        query=query,
        kind="stat",
        width=6,
        height=4,
    )
