"""Every check passes on its good example, fails on its bad one, and says missing on nothing."""

import inspect
import json
import re
import sys
from dataclasses import replace
from typing import Any

import pytest

from pipelines.readiness.checks import CHECKS, CHECKS_BY_ID
from pipelines.readiness.checks.check import Check
from pipelines.readiness.model import Outcome
from pipelines.readiness.reasons import say
from tests.pipelines.court import EXAMPLES, FULL, decided, example, only_answer

every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def test_every_check_has_examples_and_every_example_its_check() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {check.id for check in CHECKS}
    assert len(CHECKS_BY_ID) == len(CHECKS)


@every_check
def test_a_check_passes_on_its_good_example(check: Check) -> None:
    verdict = decided(check.id, example(check.id, "good"))
    answer = only_answer(verdict)
    assert answer.outcome is Outcome.PASSED, say(answer.reason)
    assert answer.findings == ()
    assert verdict.ready


@every_check
def test_a_check_fails_on_its_bad_example_and_says_what_and_where(check: Check) -> None:
    verdict = decided(check.id, example(check.id, "bad"))
    answer = only_answer(verdict)
    assert answer.outcome is Outcome.FAILED, say(answer.reason)
    assert all(seen.finding.rule and seen.finding.where for seen in answer.findings)
    assert not verdict.ready


@every_check
def test_every_rule_that_a_check_has_is_broken_in_its_bad_example(check: Check) -> None:
    rules = re.findall(r'rule="([\w-]+)"', inspect.getsource(sys.modules[check.read.__module__]))
    answer = only_answer(decided(check.id, example(check.id, "bad")))
    assert set(rules) <= {seen.finding.rule for seen in answer.findings}


@every_check
def test_a_check_says_missing_when_there_is_no_evidence(check: Check) -> None:
    answer = only_answer(decided(check.id, None))
    assert (answer.outcome, answer.reason.code) == (Outcome.MISSING, "not-made")


@every_check
@pytest.mark.parametrize(
    "report", [b"", b"{}", b"[]", b"null", b"<a/>", b"\xff\x00", b'{"runs":[]}']
)
def test_a_check_says_missing_on_a_report_that_is_none(check: Check, report: bytes) -> None:
    answer = only_answer(decided(check.id, report))
    assert (answer.outcome, answer.reason.code) == (Outcome.MISSING, "unreadable")


def emptied(check: str) -> bytes:
    """The tool's own report about nothing, if it is given; else the good one, all taken out."""
    if list((EXAMPLES / check).glob("empty.*")):
        return example(check, "empty")
    [path] = (EXAMPLES / check).glob("good.*")
    if path.suffix == ".xml":
        return re.sub(rb"(?s)<testsuites.*", b"<testsuites/>", path.read_bytes())
    made = json.loads(path.read_bytes())
    return json.dumps({key: _hollow(part) for key, part in made.items()}).encode()


def _hollow(value: Any) -> Any:
    """Return a list, or a table of things by their names, without what is in it."""
    if isinstance(value, list):
        return []
    if not isinstance(value, dict):
        return value
    things = all(isinstance(part, list | dict) for part in value.values())
    return {} if things else {key: _hollow(part) for key, part in value.items()}


@every_check
def test_a_check_that_judged_nothing_says_missing(check: Check) -> None:
    answer = only_answer(decided(check.id, emptied(check.id)))
    assert answer.outcome is Outcome.MISSING, say(answer.reason)


@every_check
def test_a_check_states_what_is_true_when_it_passes(check: Check) -> None:
    assert check.statement.endswith(".")
    assert " " in check.statement


@every_check
def test_a_good_report_of_incomplete_coverage_is_missing(check: Check) -> None:
    short = replace(FULL, seen=1, unseen=("app/b.py",))
    answer = only_answer(decided(check.id, example(check.id, "good"), coverage=short))
    assert (answer.outcome, answer.reason.code) == (Outcome.MISSING, "unseen")


@every_check
def test_a_tool_that_crashed_proves_nothing(check: Check) -> None:
    answer = only_answer(decided(check.id, example(check.id, "good"), exit_code=-11))
    assert (answer.outcome, answer.reason.code) == (Outcome.MISSING, "crashed")
