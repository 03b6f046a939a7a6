"""What is signed: an in-toto Statement v1 whose predicate is a SLSA verification summary."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.readiness import VERSION
from pipelines.readiness.model import Evidence, Stage
from pipelines.readiness.records import digest
from pipelines.readiness.verdict import Verdict

STATEMENT = "https://in-toto.io/Statement/v1"
SUMMARY = "https://slsa.dev/verification_summary/v1"
BREAK_GLASS = "urn:eva-api:gate/break-glass/v1"
SLSA = "1.2"


def resource(commit: str) -> str:
    """Return the name of what is judged."""
    return f"git+eva-api@{commit}"


def level(stage: Stage) -> str:
    """Return the level that a passed verdict grants."""
    return f"RELEASE_READY_{stage.upper()}"


def policy_document(root: Path, files: Iterable[str]) -> str:
    """Return the digests of all files that the gate went by; the statement names this document."""
    digests = {name: digest((root / name).read_bytes()) for name in sorted(files)}
    return json.dumps({"files": digests}, indent=1, sort_keys=True) + "\n"


def summary(
    verdict: Verdict, verifier: str, policy: Mapping[str, Any], inputs: list[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the predicate: who judged what by which policy and evidence, with which result."""
    return {
        "verifier": {"id": verifier, "version": {"eva-gate": VERSION}},
        "timeVerified": _zulu(verdict.now),
        "resourceUri": resource(verdict.subject.commit),
        "policy": policy,
        "inputAttestations": inputs,
        "verificationResult": "PASSED" if verdict.ready else "FAILED",
        "verifiedLevels": [level(verdict.stage)] if verdict.ready else ["FAILED"],
        "slsaVersion": SLSA,
    }


def statement(
    commit: str, verdict_json: str, kind: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a statement about a commit and the verdict on it."""
    return {
        "_type": STATEMENT,
        "predicateType": kind,
        "subject": [
            {"name": "commit", "digest": {"gitCommit": commit}},
            {"name": "readiness.json", "digest": {"sha256": digest(verdict_json.encode())}},
        ],
        "predicate": predicate,
    }


def descriptor(uri: str, content: bytes) -> dict[str, Any]:
    """Return a resource descriptor: where something is, and its digest."""
    return {"uri": uri, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}


def inputs(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Return a descriptor of every record, and of every report that a record vouches for."""
    found: list[Mapping[str, Any]] = []
    for _, material in sorted(evidence.items()):
        found.append({"uri": material.path, "digest": {"sha256": material.sha256}})
        if material.report is not None:
            uri = str(Path(material.path).parent / material.record.report)
            found.append({"uri": uri, "digest": {"sha256": material.record.sha256}})
    return found


def _zulu(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
