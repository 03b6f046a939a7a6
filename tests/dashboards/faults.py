"""What goes wrong for each alert, and what all is like when nothing does.

Written without looking at the queries: from what the runbook of an alert says that it means.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dashboards import signals
from tests.dashboards.workspace import ROOT, Sample, Workspace

Attributes: TypeAlias = Mapping[str, str]
HOUR, DAY = 60, 24 * 60
CLASSES = ("health", "read", "write", "upload", "ask", "stream")
DEPENDENCIES = tuple(signals.load(ROOT).dependencies)
KINDS = ("ingest", "answer", "erase-document")
# Every minute for a quarter of an hour, then ever more rarely, for more than three days.
MOMENTS = (
    *(minute + 0.5 for minute in range(15)),
    *range(20, HOUR, 5),
    *range(HOUR, 6 * HOUR, 20),
    *range(6 * HOUR, 3 * DAY + 6 * HOUR, 60),
)


def _counters() -> list[tuple[str, float, Attributes]]:
    """What each moment counts, by metric: quick, mostly good, some of it the clients' fault."""
    requests = [
        ("eva.requests", 1000.0, {"class": one, "outcome": "ok", "within_ms": "50"})
        for one in CLASSES
    ]
    calls = [
        ("eva.dependency.calls", 900.0, {"dependency": d, "outcome": "ok"}) for d in DEPENDENCIES
    ]
    few = [("eva.dependency.calls", 1.0, {"dependency": "cosmos", "outcome": "error"})]
    jobs = [
        ("eva.jobs.ended", 200.0, {"kind": kind, "outcome": "done", "within_s": "5"})
        for kind in KINDS
    ]
    return [
        *requests,
        ("eva.requests", 300.0, {"class": "read", "outcome": "refused", "within_ms": "50"}),
        ("eva.requests", 200.0, {"class": "ask", "outcome": "limited", "within_ms": "50"}),
        ("eva.requests", 1.0, {"class": "stream", "outcome": "aborted", "within_ms": "inf"}),
        *calls,
        *few,
        *jobs,
        ("eva.jobs.ended", 3.0, {"kind": "ingest", "outcome": "failed", "within_s": "30"}),
        ("eva.documents.processed", 100.0, {"outcome": "ready", "within_s": "15"}),
        ("eva.documents.processed", 20.0, {"outcome": "refused", "within_s": "5"}),
        ("eva.answers", 100.0, {"band": "answer", "grounded": "true", "degraded": "false"}),
        ("eva.answers", 20.0, {"band": "closest", "grounded": "true", "degraded": "false"}),
        ("eva.answers", 30.0, {"band": "nothing", "grounded": "true", "degraded": "false"}),
    ]


def _gauges() -> list[tuple[str, float, Attributes]]:
    waiting = [("eva.jobs.oldest_age", 2.0, {"kind": kind}) for kind in KINDS]
    breakers = [("eva.breaker.state", 0.0, {"dependency": name}) for name in DEPENDENCIES]
    expiring = [
        ("eva.credentials.expires_in", 60.0 * 86400, {"kind": kind})
        for kind in ("api_key", "certificate", "secret")
    ]
    budget = {"tenant": "ten_a", "resource": "tokens", "period": "month"}
    roles = [
        ("eva.up", 1.0, {"role": role, "backend": "azure", "version": "1.0.0"})
        for role in ("api", "worker")
    ]
    return [
        *waiting,
        *breakers,
        *expiring,
        *roles,
        ("eva.jobs.dead", 0.0, {}),
        ("eva.audit.unsealed_age", 40.0, {}),
        ("eva.budget.used", 0.5, budget),
        ("eva.disk.used", 0.6, {}),
    ]


def healthy() -> list[Sample]:
    """Return some days in which nothing went wrong that an alert is about."""
    found = [
        Sample(metric=metric, minutes=minutes, value=value, attributes=attributes)
        for metric, value, attributes in (*_counters(), *_gauges())
        for minutes in MOMENTS
    ]
    for status, count in (("200", 5000), ("401", 200)):
        given = {
            "http.request.method": "GET",
            "http.route": "/api/v1/spaces",
            "http.response.status_code": status,
        }
        found += [
            Sample(
                metric="eva.request.duration",
                minutes=minutes,
                value=0.01 * count,
                count=count,
                attributes=given,
            )
            for minutes in MOMENTS
        ]
    return found


@dataclass(frozen=True, kw_only=True)
class Burn:
    """The events that are bad for an objective; the good ones are healthy ones."""

    metric: str
    bad: Attributes
    good_each_moment: float


def _slow(class_: str, beyond: str) -> Burn:
    bad = {"class": class_, "outcome": "ok", "within_ms": beyond}
    return Burn(metric="eva.requests", bad=bad, good_each_moment=1000)


BURNS: Mapping[str, Burn] = {
    "AvailabilityBurn": Burn(
        metric="eva.requests",
        bad={"class": "write", "outcome": "error", "within_ms": "50"},
        good_each_moment=5000,
    ),
    "HealthLatencyBurn": _slow("health", "200"),
    "ReadLatencyBurn": _slow("read", "800"),
    "WriteLatencyBurn": _slow("write", "1200"),
    "UploadLatencyBurn": _slow("upload", "5000"),
    "AskLatencyBurn": _slow("ask", "inf"),
    "FirstTokenBurn": _slow("stream", "2000"),
    "IngestionFreshnessBurn": Burn(
        metric="eva.documents.processed",
        bad={"outcome": "ready", "within_s": "300"},
        good_each_moment=100,
    ),
    "AnswerGroundingBurn": Burn(
        metric="eva.answers",
        bad={"band": "answer", "grounded": "false", "degraded": "false"},
        good_each_moment=120,
    ),
    "JobCompletionBurn": Burn(
        metric="eva.jobs.ended",
        bad={"kind": "erase-document", "outcome": "dead", "within_s": "600"},
        good_each_moment=600,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What is the case when an alert is to be raised.

    `instead`: these values come in place of the healthy ones of their metric and attributes.
    """

    samples: Sequence[Sample]
    instead: bool = False


def _during(minutes: int, metric: str, value: float, /, **attributes: str) -> list[Sample]:
    return [
        Sample(metric=metric, minutes=moment, value=value, attributes=attributes)
        for moment in MOMENTS
        if moment < minutes
    ]


def _calls(dependency: str, outcome: str, minutes: int) -> Cause:
    samples = _during(
        minutes, "eva.dependency.calls", 900.0, dependency=dependency, outcome=outcome
    )
    return Cause(samples=samples)


def _now(metric: str, value: float, /, **attributes: str) -> Cause:
    return Cause(samples=_during(15, metric, value, **attributes), instead=True)


def _refused() -> Cause:
    """Return that 401 is answered as often as 200."""
    given = _during(15, "eva.request.duration", 50.0)
    status = {"http.response.status_code": "401", "http.route": "/api/v1/spaces"}
    return Cause(samples=[replace(one, count=5000, attributes=status) for one in given])


def _answers(band: str, degraded: str, minutes: int) -> Cause:
    samples = _during(minutes, "eva.answers", 400.0, band=band, grounded="true", degraded=degraded)
    return Cause(samples=samples)


CAUSES: Mapping[str, Cause] = {
    "CosmosFailing": _calls("cosmos", "timeout", 10),
    "CosmosThrottled": _calls("cosmos", "throttled", 30),
    "BlobFailing": _calls("blob", "error", 10),
    "QueueFailing": _calls("queue", "error", 30),
    "OpenAIFailing": _calls("openai", "rejected", 15),
    "OpenAIThrottled": _calls("openai", "throttled", 30),
    "KeyVaultFailing": _calls("keyvault", "error", 60),
    "RedisFailing": _calls("redis", "timeout", 30),
    "OidcFailing": Cause(
        samples=[
            *_during(15, "eva.dependency.calls", 900.0, dependency="oidc", outcome="error"),
            *_during(15, "eva.dependency.calls", 100.0, dependency="oidc", outcome="timeout"),
        ]
    ),
    "StoreFailing": _calls("sqlite", "error", 10),
    "BreakerOpen": _now("eva.breaker.state", 2.0, dependency="openai"),
    "RequestsShed": Cause(
        samples=_during(
            15, "eva.requests", 200.0, **{"class": "ask"}, outcome="shed", within_ms="50"
        )
    ),
    "AccessRefused": _refused(),
    "MassRefusal": _answers("nothing", "false", 60),
    "AnswersDegraded": _answers("answer", "true", 30),
    "QueueAge": _now("eva.jobs.oldest_age", 900.0, kind="ingest"),
    "DeadLetters": _now("eva.jobs.dead", 2.0),
    "AuditSealingStalled": _now("eva.audit.unsealed_age", 700.0),
    "CertificateExpiring": _now("eva.credentials.expires_in", 10 * 86400.0, kind="certificate"),
    "AdministratorKeyExpiring": _now("eva.credentials.expires_in", 3 * 86400.0, kind="api_key"),
    "SecretExpiring": _now("eva.credentials.expires_in", 20 * 86400.0, kind="secret"),
    "BudgetNearlySpent": _now(
        "eva.budget.used", 0.95, tenant="ten_a", resource="tokens", period="month"
    ),
    "DiskFilling": _now("eva.disk.used", 0.97),
}


def _silence(**attributes: str) -> Callable[[Workspace], None]:
    return lambda workspace: workspace.forget("eva.up", attributes, 12)


# What no added value shows: silence, and rows of another table.
OTHERWISE: Mapping[str, Callable[[Workspace], None]] = {
    "TelemetrySilent": _silence(),
    "WorkerSilent": _silence(role="worker"),
    "UnexpectedFaults": lambda workspace: workspace.add_faults(minutes=10, count=7),
}


def befall(workspace: Workspace, cause: Cause, later_by: float = 0) -> None:
    """Let a cause be the case; or have been, so many minutes ago, and be over."""
    if cause.instead and not later_by:
        first = cause.samples[0]
        workspace.forget(first.metric, first.attributes, 15)
    workspace.add([replace(one, minutes=one.minutes + later_by) for one in cause.samples])
