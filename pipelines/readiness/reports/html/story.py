"""All that the report tells."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.readiness.history import Change, Entry
from pipelines.readiness.model import Evidence
from pipelines.readiness.policy import Policy
from pipelines.readiness.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The verdict and its policy, the evidence, the verdicts before it, the last release."""

    verdict: Verdict
    policy: Policy
    evidence: Evidence
    history: Sequence[Entry]
    accepted: Entry | None
    changes: Sequence[Change]
