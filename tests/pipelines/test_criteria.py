"""Every line of the roadmap's checklist is a criterion, demanded where the roadmap says."""

from pathlib import Path

import pytest

from pipelines.readiness.model import Environment, Stage
from pipelines.readiness.policy import Policy, load_policy


def ids(text: str) -> set[str]:
    return set(text.split())


ROADMAP_BETA = ids(
    "F-01 F-02 F-03 F-04 F-05 F-06 F-07 F-08 F-09 N-01 N-02 N-03 N-04 N-05 N-06 N-07 N-08 "
    "S-01 S-02 S-03 S-04 S-05 S-06 S-08 S-09 O-02 O-03 O-04 O-05 O-07 O-09 C-01 C-02 C-03 C-04"
)
PRODUCTION_ONLY = ids("S-07 S-10 O-01 O-06 O-08 C-05")
FROM_STAGING = ids("F-08 F-09 N-02 N-03 N-04 N-05 S-07 S-10 O-01 O-02 O-03 O-04 O-07 O-09")
BY_PEOPLE = ids("S-10 O-06 O-08 C-05")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(ROOT)


def test_no_line_of_the_roadmap_is_dropped(policy: Policy) -> None:
    at = {s: {c.id for c in policy.criteria if c.demanded_at(s)} for s in Stage}
    assert at[Stage.BETA] == ROADMAP_BETA
    assert at[Stage.PRODUCTION] == ROADMAP_BETA | PRODUCTION_ONLY
    assert at[Stage.PR] < at[Stage.BETA]
    assert len(at[Stage.PRODUCTION]) == 41


def test_production_demands_staging_where_the_roadmap_does(policy: Policy) -> None:
    found = {
        criterion.id
        for criterion in policy.criteria
        for demand in criterion.demands
        if demand.environment is Environment.STAGING
    }
    assert found >= FROM_STAGING
    for criterion in policy.criteria:
        staging = [d for d in criterion.demands if d.environment is Environment.STAGING]
        assert all(demand.stage is Stage.PRODUCTION for demand in staging), criterion.id


def test_people_answer_for_what_no_program_can_judge(policy: Policy) -> None:
    reviewed = {
        criterion.id
        for criterion in policy.criteria
        for demand in criterion.demands
        if policy.sources[demand.evidence].check == "review"
    }
    assert reviewed == BY_PEOPLE


def test_no_criterion_is_too_mild_to_block(policy: Policy) -> None:
    assert all(c.severity in policy.rules.blocks for c in policy.criteria)
    assert {c.area for c in policy.criteria} == {
        "functional",
        "non-functional",
        "security",
        "operations",
        "compliance",
    }


def test_statements_are_sentences_in_both_languages(policy: Policy) -> None:
    for criterion in policy.criteria:
        for text in (criterion.statement.en, criterion.statement.fr):
            assert not text[0].islower(), criterion.id
            assert text.endswith("."), criterion.id
        assert criterion.statement.en != criterion.statement.fr
        assert criterion.standards, criterion.id


def test_objectives_are_no_milder_than_what_the_criteria_state(policy: Policy) -> None:
    profiles = policy.objectives or {}
    assert profiles["peak"].users >= 500
    assert profiles["average"].users >= 50
    for limit in profiles["peak"].classes.values():
        assert limit.p95_ms < 2000
        assert limit.error_rate < 0.001
    assert all(limit.error_rate < 0.01 for limit in profiles["average"].classes.values())
