"""Every alert is raised by what it is about, on made-up telemetry, and by nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dashboards import alerts, burning, objectives, signals
from dashboards.alerts import Alert, Rule
from dashboards.burning import RATES, Rate
from dashboards.objectives import Objective
from tests.dashboards.faults import (
    BURNS,
    CAUSES,
    DAY,
    HOUR,
    MOMENTS,
    OTHERWISE,
    Burn,
    befall,
    healthy,
)
from tests.dashboards.workspace import ROOT, Sample, Workspace

CONTRACT = signals.load(ROOT)
OBJECTIVES = objectives.load(ROOT, CONTRACT)
ALERTS = alerts.load(ROOT, CONTRACT, OBJECTIVES)
RULES = [(alert, rule) for alert in ALERTS for rule in alert.rules]
BUDGETS = [(objective, rate) for objective in OBJECTIVES for rate in RATES]
HAND_WRITTEN = [(alert, rule) for alert, rule in RULES if alert.objective is None]
IN_MINUTES = {"m": 1, "h": HOUR, "d": DAY}


def minutes(duration: str) -> int:
    return int(duration[:-1]) * IN_MINUTES[duration[-1]]


def by_rate(made: tuple[Objective, Rate]) -> str:
    return f"{made[0].alert}-{made[1].name}"


def by_name(made: tuple[Alert, Rule]) -> str:
    return made[1].name


@pytest.fixture(scope="module")
def filled() -> Iterator[Workspace]:
    workspace = Workspace(datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC))
    workspace.add(healthy())
    yield workspace
    workspace.close()


@pytest.fixture
def workspace(filled: Workspace) -> Iterator[Workspace]:
    """A workspace of a healthy service; what a test adds is undone."""
    with filled.for_a_while():
        yield filled


def burn(workspace: Workspace, of: Burn, share: float, since: float, until: float = 0) -> None:
    """Let a share of an objective's events be bad for a while."""
    value = share / (1 - share) * of.good_each_moment
    workspace.add(
        [
            Sample(metric=of.metric, minutes=moment, value=value, attributes=of.bad)
            for moment in MOMENTS
            if until < moment < since
        ]
    )


def test_there_is_a_fault_for_every_alert_and_no_other_to_fire_it() -> None:
    made_up = sorted((*BURNS, *CAUSES, *OTHERWISE))
    assert made_up == sorted(alert.name for alert in ALERTS)


@pytest.mark.parametrize("made", RULES, ids=by_name)
def test_no_alert_fires_while_all_is_well(workspace: Workspace, made: tuple[Alert, Rule]) -> None:
    assert workspace.ask(made[1].query) == []


@pytest.mark.parametrize("made", BUDGETS, ids=by_rate)
def test_a_burning_budget_fires_its_alert(
    workspace: Workspace, made: tuple[Objective, Rate]
) -> None:
    objective, rate = made
    share = min(1.3 * rate.factor * objective.budget, 0.95)
    burn(workspace, BURNS[objective.alert], share, minutes(rate.long))
    [row] = workspace.ask(burning.query(objective, rate))
    assert row[2] == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize("made", BUDGETS, ids=by_rate)
def test_an_alert_that_fired_for_a_budget_resolves_once_it_burns_no_more(
    workspace: Workspace, made: tuple[Objective, Rate]
) -> None:
    objective, rate = made
    begun, over = minutes(rate.long), minutes(rate.short)
    burn(workspace, BURNS[objective.alert], 0.95, since=begun, until=over)
    assert workspace.ask(burning.query(objective, rate)) == []


@pytest.mark.parametrize("made", BUDGETS, ids=by_rate)
def test_a_budget_that_burns_more_slowly_does_not_fire(
    workspace: Workspace, made: tuple[Objective, Rate]
) -> None:
    objective, rate = made
    share = 0.8 * rate.factor * objective.budget
    burn(workspace, BURNS[objective.alert], share, minutes(rate.long))
    assert workspace.ask(burning.query(objective, rate)) == []


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda one: one.alert)
def test_a_few_failures_in_a_quiet_night_do_not_fire(
    workspace: Workspace, objective: Objective
) -> None:
    workspace.empty()
    of = BURNS[objective.alert]
    for expected, count in ((0, burning.LEAST_BAD - 1), (1, 1)):
        workspace.add(
            [Sample(metric=of.metric, minutes=2, value=count, attributes=of.bad)],
        )
        assert len(workspace.ask(burning.query(objective, RATES[0]))) == expected


@pytest.mark.parametrize("made", HAND_WRITTEN, ids=by_name)
def test_a_cause_fires_its_alert(workspace: Workspace, made: tuple[Alert, Rule]) -> None:
    name = made[0].name
    if name in CAUSES:
        befall(workspace, CAUSES[name])
    else:
        OTHERWISE[name](workspace)
    assert len(workspace.ask(made[1].query)) == 1


@pytest.mark.parametrize("made", HAND_WRITTEN, ids=by_name)
def test_an_alert_that_a_cause_fired_resolves_when_it_is_over(
    workspace: Workspace, made: tuple[Alert, Rule]
) -> None:
    alert, rule = made
    if alert.name in CAUSES:
        befall(workspace, CAUSES[alert.name], later_by=minutes(rule.over))
    elif alert.name == "UnexpectedFaults":
        workspace.add_faults(minutes=minutes(rule.over) + 1, count=7)
    else:
        OTHERWISE[alert.name](workspace)
        role = {"role": "worker", "backend": "azure", "version": "1.0.0"}
        workspace.add([Sample(metric="eva.up", minutes=1, value=1, attributes=role)])
    assert workspace.ask(rule.query) == []


def test_a_workspace_that_never_heard_of_the_service_fires_that_it_is_silent(
    workspace: Workspace,
) -> None:
    workspace.empty()
    queries = {rule.name: rule.query for _, rule in HAND_WRITTEN}
    fired = [name for name, query in queries.items() if workspace.ask(query)]
    assert fired == ["TelemetrySilent"]
