"""Whether a new version is worse than the one before: what to watch while traffic moves."""

from typing import Any

from dashboards.boards.panels import Panel, dashboard, series

PANELS = (
    Panel(
        title="Processes by version",
        about="Heard of in each interval.",
        unit="short",
        query=series(
            "eva.up",
            """
| summarize processes = dcount(AppRoleInstance)
    by bin(TimeGenerated, $__interval), version = tostring(Properties["version"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Errors by version",
        about="Share of requests that were ours to answer and were not.",
        unit="percentunit",
        steps={"red": 0.001},
        query=series(
            "eva.requests",
            """
| extend outcome = tostring(Properties["outcome"])
| where outcome in ("ok", "shed", "error")
| summarize requests = sum(Sum), bad = sumif(Sum, outcome != "ok")
    by bin(TimeGenerated, $__interval), AppVersion
| project TimeGenerated, AppVersion, share = bad / requests
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Duration by version, mean",
        about="All routes.",
        unit="s",
        query=series(
            "eva.request.duration",
            """
| summarize mean = sum(Sum) / sum(ItemCount) by bin(TimeGenerated, $__interval), AppVersion
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Requests by version",
        about="Where the traffic goes, requests a second.",
        unit="reqps",
        query=series(
            "eva.requests",
            """
| summarize rate = sum(Sum) / ($__interval / 1s) by bin(TimeGenerated, $__interval), AppVersion
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Jobs that failed, by version",
        about="Attempts a minute that failed or were the last.",
        unit="cpm",
        query=series(
            "eva.jobs.ended",
            """
| where tostring(Properties["outcome"]) in ("failed", "dead")
| summarize rate = sum(Sum) / ($__interval / 1m) by bin(TimeGenerated, $__interval), AppVersion
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Unexpected faults",
        about="By type and version, in the time shown; sampled rows stand for several.",
        unit="short",
        kind="table",
        query="""AppExceptions
| where $__timeFilter(TimeGenerated)
| summarize faults = sum(ItemCount) by ExceptionType, AppVersion
| order by faults desc
""",
    ),
)


def board() -> dict[str, Any]:
    """Return the dashboard."""
    about = "Versions side by side, for the time in which traffic moves from one to the other."
    return dashboard("eva-release", "EVA API: release", about, PANELS)
