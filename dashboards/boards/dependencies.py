"""How the services behind the service behave, as it sees them."""

from typing import Any

from dashboards.boards.panels import Panel, dashboard, series

_BY_DEPENDENCY = (
    'by bin(TimeGenerated, $__interval), dependency = tostring(Properties["dependency"])'
)


CALLS = (
    Panel(
        title="Calls that failed",
        about="Share of calls that ended in an error, a timeout, a 429 or were not made.",
        unit="percentunit",
        steps={"red": 0.05},
        query=series(
            "eva.dependency.calls",
            f"""
| extend outcome = tostring(Properties["outcome"])
| summarize calls = sum(Sum), bad = sumif(Sum, outcome != "ok")
    {_BY_DEPENDENCY}
| project TimeGenerated, dependency, share = bad / calls
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Calls",
        about="A second.",
        unit="ops",
        query=series(
            "eva.dependency.calls",
            f"""
| summarize rate = sum(Sum) / ($__interval / 1s)
    {_BY_DEPENDENCY}
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Duration, mean",
        about="Retries included.",
        unit="s",
        query=series(
            "eva.dependency.duration",
            f"""
| summarize mean = sum(Sum) / sum(ItemCount)
    {_BY_DEPENDENCY}
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Breakers",
        about="0 closed, 1 half open, 2 open; the worst of all replicas.",
        unit="short",
        kind="table",
        query=series(
            "eva.breaker.state",
            """
| summarize arg_max(TimeGenerated, Sum)
    by dependency = tostring(Properties["dependency"]), AppRoleInstance
| summarize state = max(Sum) by dependency
| order by state desc
""",
        ),
    ),
    Panel(
        title="Retries",
        about="A second. Many retries beside few failures: it is about to get worse.",
        unit="ops",
        query=series(
            "eva.dependency.retries",
            f"""
| summarize rate = sum(Sum) / ($__interval / 1s)
    {_BY_DEPENDENCY}
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Cosmos DB: request units",
        about="A second; compare with what is provisioned.",
        unit="short",
        query=series(
            "azure.cosmosdb.client.operation.request_charge",
            """
| summarize units = sum(Sum) / ($__interval / 1s) by bin(TimeGenerated, $__interval)
| order by TimeGenerated asc
""",
        ),
    ),
)


MODELS = (
    Panel(
        title="Models: tokens",
        about="A minute, read and written.",
        unit="short",
        query=series(
            "gen_ai.client.token.usage",
            """
| summarize tokens = sum(Sum) / ($__interval / 1m)
    by bin(TimeGenerated, $__interval), type = tostring(Properties["gen_ai.token.type"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Models: duration, mean",
        about="By model.",
        unit="s",
        query=series(
            "gen_ai.client.operation.duration",
            """
| summarize mean = sum(Sum) / sum(ItemCount)
    by bin(TimeGenerated, $__interval), model = tostring(Properties["gen_ai.request.model"])
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Answers without the model",
        about="Share of answers that are quotations only.",
        unit="percentunit",
        steps={"red": 0.2},
        query=series(
            "eva.answers",
            """
| extend degraded = tostring(Properties["degraded"])
| summarize answers = sum(Sum), bare = sumif(Sum, degraded == "true")
    by bin(TimeGenerated, $__interval)
| project TimeGenerated, share = bare / answers
| order by TimeGenerated asc
""",
        ),
    ),
)


def board() -> dict[str, Any]:
    """Return the dashboard."""
    about = "Calls of dependencies as the service saw them, after retries."
    return dashboard("eva-dependencies", "EVA API: dependencies", about, (*CALLS, *MODELS))
