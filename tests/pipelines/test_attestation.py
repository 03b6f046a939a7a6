"""A signed verdict is believed only whole; each thing that is wrong has its own refusal."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.readiness.attest import dsse, keys
from pipelines.readiness.attest.verify import Expected, RefusedError, verify
from pipelines.readiness.breakglass import Emergency, break_glass
from pipelines.readiness.model import Stage
from pipelines.readiness.session import ENVELOPE, Session, hold, publish
from tests.pipelines.small_repository import Repository, repository

Payload = dict[str, Any]


@dataclass(slots=True)
class Case:
    """A verdict as handed over, and what is expected of it; a test changes one of them."""

    session: Session
    key: Ed25519PrivateKey
    envelope: dict[str, Any]
    expected: Expected

    def verify(self) -> bool:
        return verify(self.envelope, {keys.DEVELOPMENT: self.key.public_key()}, self.expected)

    def resign(self, change: Callable[[Payload], object]) -> None:
        """Change what is said, and sign it again with the right key: an insider's forgery."""
        payload = json.loads(base64.b64decode(self.envelope["payload"]))
        change(payload)
        self.envelope = dict(dsse.sign(payload, self.key))


def case_of(made: Repository) -> Case:
    session = hold(made.root, Stage.BETA, datetime.now(UTC))
    publish(session)
    expected = Expected(
        commit=made.commit, stage=Stage.BETA, root=made.root, now=session.verdict.now
    )
    envelope = json.loads((session.folder / ENVELOPE).read_text())
    return Case(session, keys.development_key(made.root), envelope, expected)


@pytest.fixture
def case(ready: Repository) -> Case:
    return case_of(ready)


@pytest.fixture
def failed(tmp_path: Path) -> Case:
    made = repository(tmp_path, "bad")
    made.record()
    return case_of(made)


def test_a_verdict_that_passed_is_believed(case: Case) -> None:
    assert case.session.verdict.ready
    assert case.verify() is True


def test_a_failed_verdict_is_signed_too_and_grants_nothing(failed: Case) -> None:
    assert failed.verify() is False
    payload = json.loads(base64.b64decode(failed.envelope["payload"]))
    assert payload["predicate"]["verifiedLevels"] == ["FAILED"]
    assert len(payload["predicate"]["inputAttestations"]) == 2


def flip(text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def predicate(name: str, value: object) -> Callable[[Case], None]:
    return lambda case: case.resign(lambda said: said["predicate"].__setitem__(name, value))


def envelope(change: Callable[[dict[str, Any]], object]) -> Callable[[Case], None]:
    def changed(case: Case) -> None:
        change(case.envelope)

    return changed


def expecting(**changes: object) -> Callable[[Case], None]:
    def changed(case: Case) -> None:
        case.expected = replace(case.expected, **changes)  # type: ignore[arg-type]

    return changed


def touched(name: str) -> Callable[[Case], None]:
    def changed(case: Case) -> None:
        with (case.expected.root / name).open("ab") as file:
            file.write(b" ")

    return changed


def someone_elses_key(case: Case) -> None:
    case.key = Ed25519PrivateKey.generate()


def escaping(case: Case) -> None:
    given = [{"uri": "../../etc/passwd", "digest": {"sha256": "0" * 64}}]
    predicate("inputAttestations", given)(case)


def later(days: int) -> Callable[[Case], None]:
    return lambda case: expecting(now=case.expected.now + timedelta(days=days))(case)


V = "evidence/readiness/beta"
TAMPERED: dict[str, tuple[Callable[[Case], None], str]] = {
    "the payload is altered": (
        envelope(lambda e: e.update(payload=flip(e["payload"]))),
        "signature",
    ),
    "the signature is altered": (
        envelope(lambda e: e["signatures"][0].update(sig=flip(e["signatures"][0]["sig"]))),
        "signature",
    ),
    "another type is claimed": (
        envelope(lambda e: e.update(payloadType="text/plain")),
        "signature",
    ),
    "nobody signed": (envelope(lambda e: e.update(signatures=[])), "signature"),
    "it is no envelope": (envelope(lambda e: e.clear()), "signature"),
    "the payload is no base64": (envelope(lambda e: e.update(payload="%%%")), "signature"),
    "somebody else's key": (someone_elses_key, "signature"),
    "the verifier is another": (predicate("verifier", {"id": "urn:other"}), "verifier"),
    "another kind of statement": (
        lambda case: case.resign(lambda said: said.update(predicateType="urn:other")),
        "type",
    ),
    "no predicate": (lambda case: case.resign(lambda said: said.pop("predicate")), "malformed"),
    "another commit": (expecting(commit="2" * 40), "commit"),
    "another resource": (predicate("resourceUri", "git+other"), "resource"),
    "the verdict's file is altered": (touched(f"{V}/readiness.json"), "verdict-file"),
    "the policy's list is altered": (touched(f"{V}/policy.json"), "policy"),
    "a criterion is altered": (touched("pipelines/readiness/criteria.toml"), "policy"),
    "a waiver is added": (touched("pipelines/readiness/waivers.toml"), "policy"),
    "the policy's list is elsewhere": (
        predicate("policy", {"uri": "policy.json", "digest": {"sha256": "0"}}),
        "policy",
    ),
    "a report is altered": (touched("evidence/local/tests/junit.xml"), "evidence"),
    "a record is altered": (touched("evidence/local/tests/record.json"), "evidence"),
    "evidence outside the tree": (escaping, "evidence"),
    "it is old": (later(31), "time"),
    "it is from the future": (later(-1), "time"),
    "another stage": (predicate("verifiedLevels", ["RELEASE_READY_PR"]), "level"),
    "a failure that grants a level": (predicate("verificationResult", "FAILED"), "level"),
    "an unknown result": (predicate("verificationResult", "MAYBE"), "result"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_each_tampering_is_refused_for_its_own_reason(case: Case, what: str) -> None:
    tamper, code = TAMPERED[what]
    assert case.verify()
    tamper(case)
    with pytest.raises(RefusedError) as caught:
        case.verify()
    assert caught.value.code == code, str(caught.value)


def test_every_refusal_is_in_the_table() -> None:
    codes = {code for _, code in TAMPERED.values()}
    assert codes == {
        *("signature", "verifier", "type", "malformed", "commit", "resource", "verdict-file"),
        *("policy", "evidence", "time", "level", "result"),
    }


def test_the_key_is_this_clone_s_own_and_outside_the_tree(ready: Repository) -> None:
    path = ready.root / ".git/eva-gate/ed25519.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    mine = keys.development_key(ready.root)
    assert keys.development_key(ready.root).private_bytes_raw() == mine.private_bytes_raw()
    path.unlink()
    assert keys.development_key(ready.root).private_bytes_raw() != mine.private_bytes_raw()


WHY = "The database is losing writes and the fix is in this commit."


def test_breaking_the_glass_leaves_a_signed_record_that_is_no_verdict(failed: Case) -> None:
    emergency = Emergency(reason=WHY, owner="ada", approver="grace", ticket="INC-1")
    path = break_glass(failed.session, emergency)
    opened = json.loads(path.read_text())
    trusted = {keys.DEVELOPMENT: failed.key.public_key()}
    _, payload = dsse.opened(opened, trusted)
    said = json.loads(payload)["predicate"]
    assert said["overridden"] == {"X-01": "failed"}
    assert (said["owner"], said["approver"], said["reason"]) == ("ada", "grace", WHY)
    with pytest.raises(RefusedError, match=r"^type: "):
        verify(opened, trusted, failed.expected)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "urgent"}, "20 characters"),
        ({"approver": " "}, "are needed"),
        ({"approver": "Ada "}, "somebody else"),
        ({"ticket": ""}, "are needed"),
    ],
)
def test_nobody_breaks_the_glass_alone_or_without_a_reason(
    changes: dict[str, str], said: str
) -> None:
    given = {"reason": WHY, "owner": "ada", "approver": "grace", "ticket": "INC-1"}
    with pytest.raises(ValueError, match=re.escape(said)):
        Emergency(**{**given, **changes})


def test_there_is_nothing_to_override_when_ready(case: Case) -> None:
    emergency = Emergency(reason=WHY, owner="ada", approver="grace", ticket="INC-1")
    with pytest.raises(ValueError, match="nothing to override"):
        break_glass(case.session, emergency)
