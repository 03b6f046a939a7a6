"""What a run leaves behind: the tool's own report, and a record that claims no more than it did."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.readiness.evidence import note
from pipelines.readiness.evidence.making import Crew, make_all, waves
from pipelines.readiness.evidence.planning import State, Step, Wish, plan
from pipelines.readiness.evidence.recording import make
from pipelines.readiness.judge import Moment
from pipelines.readiness.model import Environment, Outcome, Stage
from pipelines.readiness.records import load_evidence
from pipelines.readiness.subject import read_subject
from tests.pipelines.court import criterion, demand, evidence, material, moment, policy, source
from tests.pipelines.small_repository import Repository


def outcome(made: Repository) -> tuple[Outcome, str]:
    [result] = made.judged().verdict.results
    return result.outcome, result.worst.reason.code


def test_a_record_says_what_ran_on_what_and_what_it_covered(ready: Repository) -> None:
    made = ready.record()
    assert (made.argv[:2], made.exit_code, made.not_run) == (("cp", "report.xml"), 0, "")
    assert (made.commit, made.dirty, made.environment) == (ready.commit, False, Environment.LOCAL)
    assert (made.coverage.expected, made.coverage.seen, made.coverage.unseen) == (1, 1, ())
    assert made.argv[2] == "evidence/local/tests/junit.xml"
    assert outcome(ready) == (Outcome.PASSED, "passed")


def test_touching_one_file_turns_the_gate_red_until_evidence_is_remade(ready: Repository) -> None:
    assert outcome(ready)[0] is Outcome.PASSED
    ready.write("tests/app/test_a.py", b"# touched\n")
    assert outcome(ready) == (Outcome.STALE, "dirty-tree")
    ready.save()
    assert outcome(ready) == (Outcome.STALE, "other-commit")
    ready.record()
    assert outcome(ready) == (Outcome.PASSED, "passed")


def test_evidence_made_in_a_touched_tree_never_counts(ready: Repository) -> None:
    ready.write("notes.txt", b"untracked\n")
    assert ready.record().dirty
    (ready.root / "notes.txt").unlink()
    assert outcome(ready) == (Outcome.STALE, "dirty-record")


def test_a_tool_that_touches_the_tree_makes_evidence_that_does_not_count(
    ready: Repository,
) -> None:
    made = ready.record("sh", "-c", "cp report.xml {report} && echo >> report.xml")
    assert made.dirty


def test_a_test_file_without_a_case_in_the_report_is_missed(ready: Repository) -> None:
    ready.write("tests/app/test_b.py", b"")
    ready.save()
    made = ready.record()
    assert (made.coverage.seen, made.coverage.expected) == (1, 2)
    assert made.coverage.unseen == ("tests/app/test_b.py",)
    assert outcome(ready) == (Outcome.MISSING, "unseen")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("no-such-program",), "no-such-program is not installed"),
        (("sh", "-c", "exit 3"), "sh left no report and ended with code 3"),
    ],
)
def test_a_tool_that_could_not_run_leaves_a_record_of_that(
    ready: Repository, argv: tuple[str, ...], said: str
) -> None:
    assert ready.record(*argv).not_run == said
    assert outcome(ready) == (Outcome.MISSING, "not-run")


def test_an_old_report_does_not_survive_a_run_that_makes_none(ready: Repository) -> None:
    ready.record("true")
    folder = ready.root / "evidence/local/tests"
    assert [path.name for path in folder.iterdir()] == ["record.json"]


def test_a_report_that_nobody_can_read_covers_nothing(ready: Repository) -> None:
    made = ready.record("sh", "-c", "echo nonsense > {report}")
    assert (made.coverage.seen, made.coverage.errors) == (0, 1)
    assert outcome(ready)[0] is Outcome.MISSING


def test_a_crash_with_a_good_report_is_no_answer(ready: Repository) -> None:
    ready.record("sh", "-c", "cp report.xml {report}; exit 3")
    assert outcome(ready) == (Outcome.MISSING, "crashed")


def test_a_producer_adds_mode_data_and_reasons_by_a_note(ready: Repository) -> None:
    data = '{"commit": "c", "newest": "2026-01-01T00:00:00Z"}'
    said = f'{{"tool": "hadolint", "mode": "local-db", "database": {data}}}'
    made = ready.record("sh", "-c", f"cp report.xml {{report}}; echo '{said}' > ${note.VARIABLE}")
    assert (made.tool, made.mode) == ("hadolint", "local-db")
    assert made.database is not None
    assert made.database.newest == datetime(2026, 1, 1, tzinfo=UTC)
    assert outcome(ready) == (Outcome.STALE, "database-too-old")
    absent = ready.record("sh", "-c", f'echo \'{{"not_run": "no key"}}\' > ${note.VARIABLE}')
    assert absent.not_run == "no key"


def test_no_test_leaves_a_note_about_the_run_of_the_suite() -> None:
    assert note.VARIABLE not in os.environ


def test_a_note_says_known_things_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(note.VARIABLE, str(tmp_path / "note.json"))
    with pytest.raises(ValueError, match="cannot say passed"):
        note.leave(passed=True)
    note.leave(mode="online")
    table = note.read(tmp_path / "note.json")
    assert table is not None
    assert table.values == {"mode": "online"}


def test_the_environment_and_its_address_are_recorded(ready: Repository) -> None:
    workshop = ready.workshop(environment="staging", target="https://staging.example.ca")
    made = make(ready.policy.sources["tests"], workshop)
    assert (made.environment, made.target) == (Environment.STAGING, "https://staging.example.ca")
    found = load_evidence(ready.root / "evidence", ready.policy.sources)
    assert set(found) == {("tests", Environment.LOCAL), ("tests", Environment.STAGING)}


def test_a_tool_does_not_see_that_make_started_it(
    ready: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("STAGE", "beta")
    ready.record("sh", "-c", "env > {folder}/seen; cp report.xml {report}")
    seen = (ready.root / "evidence/local/tests/seen").read_text()
    assert "PATH=" in seen
    assert "MAKELEVEL=" not in seen
    assert "\nSTAGE=" not in seen


def states(made: Repository, *only: str) -> dict[str, State]:
    policy_read = made.policy
    subject = read_subject(made.root, policy_read)
    now = Moment(subject=subject, stage=Stage.BETA, now=datetime.now(UTC))
    wish = Wish(moment=now, environment=Environment.LOCAL, only=frozenset(only))
    found = load_evidence(made.root / "evidence", policy_read.sources)
    return {step.source.id: step.state for step in plan(policy_read, found, wish)}


def test_only_what_is_stale_is_made_again(ready: Repository) -> None:
    assert states(ready) == {"tests": State.FRESH}
    assert states(ready, "tests") == {"tests": State.MAKE}
    ready.write("report.xml", b"<testsuites/>")
    ready.save()
    assert states(ready) == {"tests": State.MAKE}


def steps(**changes: tuple[str, ...]) -> list[Step]:
    return [
        Step(source=source(name, after=after), state=State.MAKE) for name, after in changes.items()
    ]


def test_what_reads_evidence_is_made_after_it_and_again_with_it() -> None:
    sources = {
        "rows": source("rows", after=("tests",)),
        "tests": source("tests"),
        "zap": source("zap", elsewhere=source("zap").title),
        "e2e": source("e2e", needs=("tests/e2e",)),
    }
    court = policy(criterion("X-01", *(demand(name) for name in sources)), sources=sources)
    given = evidence(material("rows", b"<testsuites/>"))
    subject = moment().subject
    lacking = type(subject)(commit=subject.commit, dirty=False, lacks=frozenset({"tests/e2e"}))
    wish = Wish(moment=moment(subject=lacking), environment=Environment.LOCAL)
    planned = [(step.source.id, step.state) for step in plan(court, given, wish)]
    assert planned == [
        ("tests", State.MAKE),
        ("zap", State.ELSEWHERE),
        ("e2e", State.NOT_BUILT),
        ("rows", State.MAKE),
    ]


def test_what_wants_the_machine_to_itself_runs_alone() -> None:
    loud = Step(source=source("load", alone=True), state=State.MAKE)
    groups = waves([*steps(a=(), b=()), loud, *steps(c=("a",))])
    assert [[step.source.id for step in group] for group in groups] == [["a", "b"], ["load"], ["c"]]


def test_evidence_that_waits_for_each_other_still_ends() -> None:
    groups = list(waves(steps(a=("b",), b=("a",))))
    assert sorted(step.source.id for group in groups for step in group) == ["a", "b"]


def test_making_tells_each_step_and_keeps_the_tool_s_output(ready: Repository) -> None:
    console = Console(record=True, width=100, file=(ready.root / "said").open("w"))
    with console.file:
        before = datetime.now(UTC)
        crew = Crew(workshop=ready.workshop(), jobs=2, console=console)
        todo = Step(source=ready.policy.sources["tests"], state=State.MAKE)
        idle = Step(source=source("zap", elsewhere=source("zap").title), state=State.ELSEWHERE)
        [made] = make_all([todo, idle], crew)
    said = console.export_text()
    assert "1 of 1 looked at" in said
    assert "not run here" in said
    assert crew.log("tests").is_file()
    assert before <= made.finished <= datetime.now(UTC)
