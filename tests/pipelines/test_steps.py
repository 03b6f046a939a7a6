"""What to do next fits the reason: a command where one helps, a person where none does."""

import pytest

from pipelines.readiness.judge import judge
from pipelines.readiness.steps import next_step
from tests.pipelines.court import criterion, demand, evidence, example, material, moment, policy
from tests.pipelines.court import source as kind

MAKE = "make evidence ONLY=it"


@pytest.mark.parametrize(
    ("report", "changes", "step"),
    [
        ("good", {}, ""),
        ("bad", {}, "make explain CRITERION=X-01"),
        ("good", {"commit": "3" * 40}, MAKE),
        (
            "good",
            {"not_run": "no key"},
            f"settle that (evidence/logs holds what was said), then {MAKE}",
        ),
        (None, {}, MAKE),
    ],
)
def test_the_next_step_fits_the_reason(
    report: str | None, changes: dict[str, str], step: str
) -> None:
    made = kind("it")
    given = [] if report is None else [material("it", example("junit", report), **changes)]
    court = policy(criterion("X-01", demand("it")), sources={"it": made})
    [result] = judge(court, evidence(*given), moment()).results
    assert next_step(result, made, moment().subject) == step


def test_one_step_settles_all_evidence_that_has_the_same_trouble() -> None:
    kinds = {name: kind(name) for name in ("one", "two", "three")}
    court = policy(criterion("X-01", *(demand(name) for name in kinds)), sources=kinds)
    given = evidence(material("three", example("junit", "good")))
    [result] = judge(court, given, moment()).results
    assert next_step(result, kinds["one"], moment().subject) == "make evidence ONLY=one,two"
