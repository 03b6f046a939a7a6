"""The workbook for incident response: from "something is wrong" to the guilty part in six looks."""

from typing import Any

from dashboards.alerts import Alert

_TIMES = [{"durationMs": minutes * 60_000} for minutes in (15, 60, 240, 1440)]
_FORM = (
    "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
)

STEPS: tuple[tuple[str, str, str], ...] = (
    (
        "1. Is it everybody, or one class of requests?",
        "table",
        """AppMetrics
| where TimeGenerated {TimeRange} and Name == "eva.requests"
| extend class = tostring(Properties["class"]), outcome = tostring(Properties["outcome"])
| summarize requests = sum(Sum), errors = sumif(Sum, outcome == "error"),
    shed = sumif(Sum, outcome == "shed"), limited = sumif(Sum, outcome == "limited") by class
| extend share = round((errors + shed) / requests, 4)
| order by share desc""",
    ),
    (
        "2. Since when?",
        "timechart",
        """AppMetrics
| where TimeGenerated {TimeRange} and Name == "eva.requests"
| extend outcome = tostring(Properties["outcome"])
| where outcome in ("error", "shed")
| summarize requests = sum(Sum) by bin(TimeGenerated, 1m), outcome
| order by TimeGenerated asc""",
    ),
    (
        "3. Which dependency?",
        "table",
        """AppMetrics
| where TimeGenerated {TimeRange} and Name == "eva.dependency.calls"
| extend dependency = tostring(Properties["dependency"]), outcome = tostring(Properties["outcome"])
| summarize calls = sum(Sum), failed = sumif(Sum, outcome in ("error", "timeout")),
    throttled = sumif(Sum, outcome == "throttled"), notMade = sumif(Sum, outcome == "rejected")
    by dependency
| extend share = round((failed + throttled + notMade) / calls, 4)
| order by share desc""",
    ),
    (
        "4. Which version, and since which change?",
        "table",
        """AppMetrics
| where TimeGenerated {TimeRange} and Name == "eva.up"
| summarize firstHeard = min(TimeGenerated), lastHeard = max(TimeGenerated),
    processes = dcount(AppRoleInstance) by version = tostring(Properties["version"])
| order by firstHeard desc""",
    ),
    (
        "5. Which faults?",
        "table",
        """AppExceptions
| where TimeGenerated {TimeRange}
| summarize faults = sum(ItemCount), oneOperation = take_any(OperationId)
    by ExceptionType, AppVersion
| top 20 by faults""",
    ),
    (
        "6. One bad request, with all that it called",
        "table",
        """AppRequests
| where TimeGenerated {TimeRange} and Success == false
| top 20 by TimeGenerated desc
| project TimeGenerated, Name, ResultCode, DurationMs, OperationId, AppVersion""",
    ),
)


def workbook(alerts: list[Alert]) -> dict[str, Any]:
    """Return the workbook; it names the runbook of each alert that wakes somebody."""
    pages = [alert for alert in alerts if alert.severity == "page"]
    listed = "\n".join(
        f"- **{alert.name}** — `{alert.runbook}`: {alert.summary}" for alert in pages
    )
    return {
        "version": "Notebook/1.0",
        "items": [
            _text(
                "# Incident response\n\nThe procedure: `runbooks/procedures/incident-response.md`."
            ),
            _times(),
            *(_query(title, shown, query) for title, shown, query in STEPS),
            _text(f"## What wakes somebody\n\n{listed}"),
        ],
        "fallbackResourceIds": ["Azure Monitor"],
        "$schema": _FORM,
    }


def _text(markdown: str) -> dict[str, Any]:
    return {"type": 1, "content": {"json": markdown}}


def _times() -> dict[str, Any]:
    range_ = {
        "id": "5a3c0f0e-6f0b-4b6e-9d52-1f0a7c3b9e21",
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "label": "Time",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": 3_600_000},
        "typeSettings": {"selectableValues": _TIMES, "allowCustom": True},
    }
    content = {"version": "KqlParameterItem/1.0", "parameters": [range_], "style": "pills"}
    return {"type": 9, "content": content}


def _query(title: str, shown: str, query: str) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "title": title,
        "query": query,
        "size": 1,
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "visualization": shown,
        "timeContextFromParameter": "TimeRange",
    }
    return {"type": 3, "name": title, "content": content}
