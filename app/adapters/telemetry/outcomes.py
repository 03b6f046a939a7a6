"""What came of documents and questions, read off the changes that end them; what they cost."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from app.core import metrics
from app.core.kinds import DOCUMENTS, QUERIES
from app.core.models import (
    Document,
    DocumentStatus,
    FailureReason,
    JobKind,
    Query,
    QueryStatus,
    Usage,
)
from app.core.ports import Put, Settle

MILLIONTHS = 1_000_000
_OURS = frozenset({FailureReason.EXHAUSTED, FailureReason.INTERNAL, FailureReason.TIMEOUT})
Watch: TypeAlias = Callable[[tuple[Any, ...]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What is charged, in millionths of the currency."""

    question: int = 0
    of_tokens: Callable[[int, int], int] = lambda _prompt, _completion: 0


@dataclass(slots=True)
class Sealing:
    """When this process last saw to it that the audit trail is sealed, as far as it is due."""

    at: float | None = None  # seconds of the monotonic clock; None: others do it


def watches(prices: Prices, sealing: Sealing) -> Mapping[str, Watch]:
    """Return what looks at the arguments of which calls, once they have succeeded."""

    def asked(args: tuple[Any, ...]) -> None:
        if prices.question:
            _cost(args[0], prices.question)

    def answered(args: tuple[Any, ...]) -> None:
        query, usage = args
        _spent(query, usage, prices)

    def sealed(_: tuple[Any, ...]) -> None:
        sealing.at = time.monotonic()

    return {
        "audit.seal": sealed,
        "records.commit": _committed,
        "jobs.bury": _buried,
        "meter.question": asked,
        "meter.answer": answered,
    }


def _committed(args: tuple[Any, ...]) -> None:
    _, *changes = args
    ending = next((one for one in changes if isinstance(one, Settle)), None)
    for change in changes:
        if not isinstance(change, Put):
            continue
        if change.kind is QUERIES and _ends(change, ending):
            _query(change.value)
        elif change.kind is DOCUMENTS and ending and ending.lease.job.kind is JobKind.INGEST:
            _document(change.value, int(ending.lease.job.detail["version"]))


def _ends(put: Put, ending: Settle | None) -> bool:
    """Tell whether a query ends by this: with its job, at once as it is asked, or by failing."""
    status = put.value.status
    done = status is QueryStatus.COMPLETED and (ending is not None or put.if_absent)
    return done or status is QueryStatus.FAILED


def _query(query: Query) -> None:
    answer = query.answer
    if query.status is QueryStatus.FAILED or answer is None:
        metrics.count("eva.answers", {"band": "failed", "grounded": "false", "degraded": "false"})
        return
    metrics.count(
        "eva.answers",
        {
            "band": answer.band.value,
            "grounded": _yes(all(one.supported for one in answer.sentences)),
            "degraded": _yes(answer.degraded),
        },
    )
    for outcome, number in (("kept", len(answer.citations)), ("dropped", answer.dropped_citations)):
        if number:
            metrics.count("eva.answer.citations", {"outcome": outcome}, number)


def _document(document: Document, number: int) -> None:
    version = document.version(number)
    if version is None:
        return
    if version.status is DocumentStatus.READY:
        outcome = "ready"
    else:
        outcome = "failed" if version.reason in _OURS else "refused"
    seconds = (datetime.now(UTC) - version.created_at).total_seconds()
    within = metrics.within(seconds, metrics.WITHIN_S)
    metrics.count("eva.documents.processed", {"outcome": outcome, "within_s": within})


def _buried(args: tuple[Any, ...]) -> None:
    job = args[0].job
    metrics.job_ended(job, "dead")
    if job.kind is JobKind.INGEST:
        within = metrics.within(_age(job.created_at), metrics.WITHIN_S)
        metrics.count("eva.documents.processed", {"outcome": "failed", "within_s": within})


def _spent(query: Query, usage: Usage, prices: Prices) -> None:
    tokens = usage.prompt_tokens + usage.completion_tokens
    if tokens:
        tenant = metrics.tenant(query.tenant_id)
        metrics.count("eva.tenant.tokens", {"tenant": tenant}, tokens)
        _cost(query.tenant_id, prices.of_tokens(usage.prompt_tokens, usage.completion_tokens))


def _cost(tenant_id: str, millionths: int) -> None:
    if millionths:
        labels = {"tenant": metrics.tenant(tenant_id)}
        metrics.count("eva.tenant.cost", labels, millionths / MILLIONTHS)


def _age(since: datetime) -> float:
    return (datetime.now(UTC) - since).total_seconds()


def _yes(said: bool) -> str:  # noqa: FBT001 - it spells the flag
    return "true" if said else "false"
