"""A small repository with a policy, one test report, and the gate run in it for real."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from pipelines.readiness.cli import main as gate_main
from pipelines.readiness.evidence.__main__ import main as evidence_main
from pipelines.readiness.evidence.recording import Workshop, make
from pipelines.readiness.model import Environment, Record, Stage
from pipelines.readiness.policy import Policy, load_policy
from pipelines.readiness.session import Session, hold, publish
from pipelines.readiness.subject import git, read_subject
from tests.pipelines.court import example

CRITERIA = """[policy]
blocks = ["critical", "high"]
waiver_days = 90
warning_days = 14

[[criterion]]
id = "X-01"
area = "security"
severity = "critical"
owner = "security-lead"
runbook = "SECURITY.md"
standards = ["NIST 800-53 AC-3", "NIST 800-53 CP-2(2)"]
waivable = true
[criterion.statement]
en = "It <holds> & passes."
fr = "C'est <vrai>."
[[criterion.demand]]
evidence = "tests"
stage = "beta"
environment = "local"
max_age_days = 7
"""
EVIDENCE = """[[evidence]]
id = "tests"
check = "junit"
run = ["cp", "report.xml", "{report}"]
report = "junit.xml"
options.covers = ["tests/app/test_*.py"]
[evidence.title]
en = "Tests"
fr = "Les tests"
"""
FILES: Mapping[str, bytes] = {
    "pipelines/readiness/criteria.toml": CRITERIA.encode(),
    "pipelines/readiness/evidence.toml": EVIDENCE.encode(),
    "pipelines/readiness/waivers.toml": b"",
    "tests/app/test_a.py": b"",
    ".gitignore": b"/evidence/\n",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone in a folder."""

    root: Path

    @property
    def policy(self) -> Policy:
        return load_policy(self.root)

    @property
    def commit(self) -> str:
        return git(self.root, "rev-parse", "HEAD")

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def save(self) -> None:
        """Commit all that is there."""
        git(self.root, "add", "-A")
        who = ("-c", "user.name=t", "-c", "user.email=t@example.ca")
        git(self.root, *who, "commit", "-q", "--allow-empty", "-m", "more")

    def workshop(self, **changes: Environment | str) -> Workshop:
        policy = self.policy
        environment = changes.get("environment", Environment.LOCAL)
        return Workshop(
            root=self.root,
            evidence=self.root / "evidence",
            environment=Environment(environment),
            target=str(changes.get("target", "")),
            objectives=policy.objectives,
            subject=lambda: read_subject(self.root, policy),
        )

    def record(self, *argv: str, name: str = "tests") -> Record:
        """Make one piece of evidence, by its own command or by another."""
        return make(self.policy.sources[name], self.workshop(), argv)

    def judged(self) -> Session:
        session = hold(self.root, Stage.BETA, datetime.now(UTC))
        publish(session)
        return session

    def gate(self, *arguments: str) -> Ended:
        """Run the gate in this folder."""
        return self._run(gate_main, arguments)

    def evidence(self, *arguments: str) -> Ended:
        """Run what makes evidence in this folder."""
        return self._run(evidence_main, arguments)

    def _run(self, main: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> Ended:
        out, err = StringIO(), StringIO()
        with chdir(self.root), redirect_stdout(out), redirect_stderr(err):
            try:
                main(arguments)
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())


def repository(root: Path, report: str = "good") -> Repository:
    """Make a repository whose only test report is the good example, or the bad one."""
    made = Repository(root)
    for name, content in FILES.items():
        made.write(name, content)
    made.write("report.xml", example("junit", report))
    git(root, "init", "-q", "-b", "main")
    made.save()
    return made
