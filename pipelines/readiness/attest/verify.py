"""Checking a signed verdict without trusting who hands it over. Each refusal has its own code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.readiness.attest import dsse
from pipelines.readiness.attest.statement import STATEMENT, SUMMARY, level, resource
from pipelines.readiness.model import Stage
from pipelines.readiness.records import digest

SKEW = timedelta(minutes=5)
Checked = Mapping[str, Any]


class RefusedError(Exception):
    """The envelope does not prove what is asked of it; `code` names the one thing that is wrong."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the verifier wants proved: of which commit, for which stage, with files below `root`."""

    commit: str
    stage: Stage
    root: Path
    now: datetime
    max_age: timedelta = timedelta(days=30)

    @property
    def folder(self) -> str:
        """Return where the verdict's own files are, below `root`."""
        return f"evidence/readiness/{self.stage}"


def verify(
    envelope: dsse.Envelope, keys: Mapping[str, Ed25519PublicKey], expected: Expected
) -> bool:
    """Return whether the verdict PASSED, after proving it intact; RefusedError if it is not."""
    try:
        signer, payload = dsse.opened(envelope, keys)
    except ValueError as error:
        raise RefusedError("signature", str(error)) from None
    try:
        made = json.loads(payload)
        predicate = made["predicate"]
        _of_whom(made, predicate, signer)
        _of_what(made, predicate, expected)
        _by_what(predicate, expected)
        _when(predicate, expected)
        return _result(predicate, expected.stage)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise RefusedError("malformed", f"{type(error).__name__}: {error}") from None


def _need(holds: bool, code: str, said: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise RefusedError(code, said)


def _of_whom(made: Checked, predicate: Checked, signer: str) -> None:
    _need(made["_type"] == STATEMENT, "type", f"a {made['_type']!r}")
    _need(made["predicateType"] == SUMMARY, "type", f"a {made['predicateType']!r}")
    who = predicate["verifier"]["id"]
    _need(who == signer, "verifier", f"signed by {signer}, but says {who}")


def _of_what(made: Checked, predicate: Checked, expected: Expected) -> None:
    subjects = {subject["name"]: subject["digest"] for subject in made["subject"]}
    commit = subjects["commit"]["gitCommit"]
    _need(commit == expected.commit, "commit", f"about {commit}, not {expected.commit}")
    uri = predicate["resourceUri"]
    _need(uri == resource(commit), "resource", f"about {uri}")
    found = _within(expected.root, f"{expected.folder}/readiness.json")
    told = subjects["readiness.json"]["sha256"]
    _need(found == told, "verdict-file", "readiness.json is not the one that was signed")


def _by_what(predicate: Checked, expected: Expected) -> None:
    listed = f"{expected.folder}/policy.json"
    _need(predicate["policy"]["uri"] == listed, "policy", "its list is somewhere else")
    told = predicate["policy"]["digest"]["sha256"]
    _need(_within(expected.root, listed) == told, "policy", "its list changed")
    for name, told in json.loads((expected.root / listed).read_bytes())["files"].items():
        _need(_within(expected.root, name) == told, "policy", f"{name} changed since the verdict")
    for given in predicate["inputAttestations"]:
        found = _within(expected.root, given["uri"])
        _need(found == given["digest"]["sha256"], "evidence", f"{given['uri']} is not as it was")


def _when(predicate: Checked, expected: Expected) -> None:
    time = datetime.strptime(predicate["timeVerified"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    age = expected.now - time
    _need(age >= -SKEW, "time", f"from the future: {time:%F %T}")
    _need(age <= expected.max_age, "time", f"{age.days} days old")


def _result(predicate: Checked, stage: Stage) -> bool:
    result, levels = predicate["verificationResult"], predicate["verifiedLevels"]
    _need(result in {"PASSED", "FAILED"}, "result", f"an unknown result {result!r}")
    if result == "FAILED":
        _need(levels == ["FAILED"], "level", f"FAILED, yet it grants {levels}")
        return False
    _need(level(stage) in levels, "level", f"it grants {levels}, not {level(stage)}")
    return True


def _within(root: Path, name: str) -> str | None:
    """Return the digest of a file below a folder; None if it is elsewhere or not there."""
    path = (root / name).resolve()
    inside = path.is_relative_to(root.resolve()) and path.is_file()
    return digest(path.read_bytes()) if inside else None
