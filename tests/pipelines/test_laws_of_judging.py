"""What holds for every policy and all evidence."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.readiness.judge import Moment, judge
from pipelines.readiness.model import (
    Coverage,
    Environment,
    Evidence,
    Material,
    Outcome,
    Severity,
    Stage,
)
from pipelines.readiness.policy import Policy
from pipelines.readiness.verdict import Subject
from tests.pipelines.court import (
    COMMIT,
    NOW,
    OTHER,
    criterion,
    demand,
    evidence,
    example,
    material,
    moment,
    policy,
    source,
)

NAMES = ("one", "two", "three")
REPORTS = (example("junit", "good"), example("junit", "bad"), b"")
counts = st.integers(0, 2)


coverages = st.builds(Coverage, expected=counts, seen=counts, skipped=counts, errors=counts)
one_material = st.builds(
    material,
    st.sampled_from(NAMES),
    st.sampled_from(REPORTS),
    commit=st.sampled_from([COMMIT, COMMIT, OTHER]),
    dirty=st.sampled_from([False, False, True]),
    finished=st.integers(-1, 60).map(lambda days: NOW - timedelta(days=days)),
    exit_code=st.sampled_from([0, 1, 2]),
    not_run=st.sampled_from(["", "", "why"]),
    coverage=coverages,
)
materials = st.lists(one_material, unique_by=lambda made: made.record.id)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    demands = st.builds(
        demand,
        st.sampled_from(NAMES),
        stage=st.sampled_from(Stage),
        environment=st.sampled_from(Environment),
    )
    criteria = [
        replace(
            criterion(f"X-{number:02}", *draw(st.lists(demands, min_size=1, max_size=3))),
            severity=draw(st.sampled_from(Severity)),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    return policy(*criteria, sources={name: source(name) for name in NAMES})


moments = st.builds(
    lambda stage, dirty: moment(stage=stage, subject=Subject(commit=COMMIT, dirty=dirty)),
    st.sampled_from(Stage),
    st.booleans(),
)


def met(court: Policy, found: Evidence, now: Moment) -> dict[str, bool]:
    verdict = judge(court, found, now)
    return {r.criterion.id: r.outcome.met for r in verdict.results} | {"ready": verdict.ready}


@given(policies(), materials, moments, st.sets(st.sampled_from(NAMES)))
def test_removing_evidence_never_improves_a_verdict(
    court: Policy, made: list[Material], now: Moment, removed: set[str]
) -> None:
    whole = met(court, evidence(*made), now)
    less = met(court, evidence(*(m for m in made if m.record.id not in removed)), now)
    assert all(whole[name] or not less[name] for name in whole)


@given(policies(), materials, moments)
def test_the_same_question_has_the_same_answer_whatever_the_order(
    court: Policy, made: list[Material], now: Moment
) -> None:
    first = judge(court, evidence(*made), now)
    again = judge(court, evidence(*reversed(made)), now)
    assert first == again


@given(policies(), materials)
def test_a_later_stage_is_never_easier(court: Policy, made: list[Material]) -> None:
    found = evidence(*made)
    results = [met(court, found, moment(stage=stage)) for stage in Stage]
    for earlier, later in pairwise(results):
        shared = set(earlier) & set(later) - {"ready"}
        assert all(earlier[name] or not later[name] for name in shared)


@given(policies(), materials, moments)
def test_only_a_criterion_whose_every_demand_is_met_is_met(
    court: Policy, made: list[Material], now: Moment
) -> None:
    verdict = judge(court, evidence(*made), now)
    for result in verdict.results:
        answers = [answer.outcome.met for answer in result.answers]
        assert result.outcome.met == all(answers)
        assert result.outcome in [answer.outcome for answer in result.answers]
    blocked = [r for r in verdict.results if r.blocks and not r.outcome.met]
    assert verdict.ready == (bool(verdict.results) and not blocked)


@given(policies(), materials, moments)
def test_evidence_of_another_commit_passes_nothing(
    court: Policy, made: list[Material], now: Moment
) -> None:
    foreign = [replace(m, record=replace(m.record, commit=OTHER)) for m in made]
    verdict = judge(court, evidence(*foreign), now)
    assert not [r for r in verdict.results if r.outcome is Outcome.PASSED]
