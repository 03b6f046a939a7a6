"""What each tenant uses, what that costs, and how near its budgets are."""

from typing import Any

from dashboards.boards.panels import Panel, dashboard, series

_BY_TENANT = 'by bin(TimeGenerated, $__interval), tenant = tostring(Properties["tenant"])'


PANELS = (
    Panel(
        title="Requests",
        about="A second.",
        unit="reqps",
        width=12,
        query=series(
            "eva.tenant.requests",
            f"""
| summarize rate = sum(Sum) / ($__interval / 1s)
    {_BY_TENANT}
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Requests limited",
        about="Share of requests that an agreed limit or budget refused.",
        unit="percentunit",
        width=12,
        query=series(
            "eva.tenant.requests",
            f"""
| extend outcome = tostring(Properties["outcome"])
| summarize requests = sum(Sum), limited = sumif(Sum, outcome == "limited")
    {_BY_TENANT}
| project TimeGenerated, tenant, share = limited / requests
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Tokens",
        about="A minute.",
        unit="short",
        query=series(
            "eva.tenant.tokens",
            f"""
| summarize tokens = sum(Sum) / ($__interval / 1m)
    {_BY_TENANT}
| order by TimeGenerated asc
""",
        ),
    ),
    Panel(
        title="Cost",
        about="In the time shown, at the configured prices and in their currency.",
        unit="short",
        kind="table",
        query=series(
            "eva.tenant.cost",
            """
| summarize cost = sum(Sum) by tenant = tostring(Properties["tenant"])
| order by cost desc
""",
        ),
    ),
    Panel(
        title="Budgets used",
        about="The fullest budget of each kind; at 100 % requests are refused.",
        unit="percentunit",
        kind="bargauge",
        steps={"yellow": 0.75, "red": 0.9},
        query=series(
            "eva.budget.used",
            """
| summarize arg_max(TimeGenerated, Sum)
    by tenant = tostring(Properties["tenant"]), resource = tostring(Properties["resource"]),
    period = tostring(Properties["period"])
| project budget = strcat(tenant, " ", resource, " a ", period), used = Sum
| top 20 by used
""",
        ),
    ),
)


def board() -> dict[str, Any]:
    """Return the dashboard."""
    about = "Use, cost and budgets by tenant; the 50 first seen of a process, the rest as `other`."
    return dashboard("eva-tenants", "EVA API: tenants and cost", about, PANELS)
