"""Releasing in spite of the verdict: a signed record of who, why, and over which objections."""

import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.readiness.attest import dsse, keys, statement
from pipelines.readiness.attest.statement import BREAK_GLASS
from pipelines.readiness.model import same_person
from pipelines.readiness.session import Session

LEAST_REASON = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Why a release cannot wait. ValueError where it says too little, or nobody else agreed."""

    reason: str
    owner: str
    approver: str
    ticket: str

    def __post_init__(self) -> None:
        if len(self.reason.strip()) < LEAST_REASON:
            raise ValueError(f"the reason needs {LEAST_REASON} characters or more")
        if not (self.owner.strip() and self.approver.strip() and self.ticket.strip()):
            raise ValueError("owner, approver and ticket are needed")
        if same_person(self.owner, self.approver):
            raise ValueError("the approver must be somebody else than the owner")


def break_glass(session: Session, emergency: Emergency) -> Path:
    """Sign the record of a bypass, beside the verdict that it overrides; returns where it is.

    It grants nothing by itself: `verify` never takes it for a passed verdict. ValueError where
    there is nothing to override.
    """
    verdict = session.verdict
    if verdict.ready:
        raise ValueError("the commit is ready: there is nothing to override")
    predicate = {
        "stage": verdict.stage,
        "time": verdict.now.isoformat(),
        "reason": emergency.reason,
        "owner": emergency.owner,
        "approver": emergency.approver,
        "ticket": emergency.ticket,
        "overridden": {r.criterion.id: r.outcome for r in verdict.unmet},
        "signer": keys.DEVELOPMENT,
    }
    said = (session.folder / "readiness.json").read_text(encoding="utf-8")
    made = statement.statement(verdict.subject.commit, said, BREAK_GLASS, predicate)
    envelope = dsse.sign(made, keys.development_key(session.root))
    path = session.folder / f"break-glass-{verdict.now:%Y%m%dT%H%M%SZ}.dsse.json"
    path.write_text(json.dumps(envelope, indent=1), encoding="utf-8")
    return path
