"""One sitting of the gate: read everything, judge, write every form of the verdict, sign it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.readiness import history
from pipelines.readiness.attest import dsse, keys, statement
from pipelines.readiness.judge import Moment, judge
from pipelines.readiness.located import read_toml
from pipelines.readiness.model import Evidence, Stage
from pipelines.readiness.policy import CRITERIA, FOLDER, Policy, load_policy
from pipelines.readiness.records import load_evidence
from pipelines.readiness.reports.badge import as_badge
from pipelines.readiness.reports.data import as_json
from pipelines.readiness.reports.html import Story, as_html
from pipelines.readiness.reports.junit import as_junit
from pipelines.readiness.reports.markdown import as_markdown
from pipelines.readiness.reports.oscal import as_oscal
from pipelines.readiness.reports.sarif import as_sarif
from pipelines.readiness.subject import read_subject
from pipelines.readiness.verdict import Verdict

ENVELOPE, POLICY_LIST, PUBLIC_KEY = "verdict.dsse.json", "policy.json", "gate-key.pub.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A tree at a moment: its policy, its evidence, and the verdict on it."""

    root: Path
    policy: Policy
    evidence: Evidence
    verdict: Verdict

    @property
    def folder(self) -> Path:
        """Return where the verdict's files are kept."""
        return readiness_folder(self.root, self.verdict.stage)


def readiness_folder(root: Path, stage: Stage) -> Path:
    """Return where the files of a stage's last verdict are kept."""
    return root / "evidence" / "readiness" / str(stage)


def hold(root: Path, stage: Stage, now: datetime) -> Session:
    """Read policy, evidence and tree, and judge. Nothing is written."""
    policy = load_policy(root)
    evidence = load_evidence(root / "evidence", policy.sources)
    moment = Moment(subject=read_subject(root, policy), stage=stage, now=now)
    verdict = judge(policy, evidence, moment)
    return Session(root=root, policy=policy, evidence=evidence, verdict=verdict)


def publish(session: Session) -> Path:
    """Write every form of the verdict, sign it whatever it is, and remember it."""
    folder, verdict = session.folder, session.verdict
    folder.mkdir(parents=True, exist_ok=True)
    entry = history.summarised(verdict)
    history.remember(folder.parent, entry)
    accepted = history.last_accepted(session.root, verdict.stage)
    changes = history.compared(accepted, entry) if accepted else []
    story = Story(
        verdict=verdict,
        policy=session.policy,
        evidence=session.evidence,
        history=history.read_history(folder.parent, verdict.stage),
        accepted=accepted,
        changes=changes,
    )
    forms = {
        "report.html": as_html(story),
        "report.md": as_markdown(verdict, session.policy, changes),
        "badge.svg": as_badge(verdict),
        "readiness.junit.xml": as_junit(verdict),
        "readiness.sarif": as_sarif(verdict, criterion_lines(session.root)),
        "readiness.oscal.json": as_oscal(verdict),
    }
    for name, text in forms.items():
        (folder / name).write_text(text, encoding="utf-8")
    _sign(session)
    return folder


def _sign(session: Session) -> None:
    folder, verdict = session.folder, session.verdict
    key = keys.development_key(session.root)
    said = as_json(verdict, session.policy, session.evidence)
    listed = statement.policy_document(session.root, session.policy.files)
    predicate = statement.summary(
        verdict,
        keys.DEVELOPMENT,
        statement.descriptor(
            (folder / POLICY_LIST).relative_to(session.root).as_posix(), listed.encode()
        ),
        statement.inputs(session.evidence),
    )
    made = statement.statement(verdict.subject.commit, said, statement.SUMMARY, predicate)
    (folder / "readiness.json").write_text(said, encoding="utf-8")
    (folder / POLICY_LIST).write_text(listed, encoding="utf-8")
    (folder / "vsa.predicate.json").write_text(json.dumps(predicate, indent=1), encoding="utf-8")
    (folder / ENVELOPE).write_text(json.dumps(dsse.sign(made, key), indent=1), encoding="utf-8")
    (folder / PUBLIC_KEY).write_bytes(keys.public_pem(key.public_key()))


def criterion_lines(root: Path) -> dict[str, int]:
    """Return the line on which each criterion is defined."""
    table = read_toml(root / FOLDER / CRITERIA, f"{FOLDER}/{CRITERIA}")
    return {row.text("id"): row.place.start for row in table.tables("criterion")}
