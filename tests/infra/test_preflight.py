from datetime import date

import pytest

from eva_infra.preflight.checks import CHECKS, Deployment
from eva_infra.preflight.run import Outcome, run
from eva_infra.settings import settings_of
from tests.infra.azure_answers import GET, MODELS, NOT_FOUND, OWN, QUOTA, own
from tests.infra.programs import Programs

TODAY = date(2026, 11, 22)


def outcomes(stack: str = "prod", only: str = "", **replaced: str) -> dict[str, Outcome]:
    settings = settings_of(stack, **(OWN | replaced))
    chosen = [one for one in CHECKS if only in {"", one.__name__}]
    return {one.check: one for one in run(Deployment(settings, TODAY), chosen)}


def problems(check: str, **replaced: str) -> tuple[str, ...]:
    [found] = outcomes(only=check, **replaced).values()
    return found.problems


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_where_all_is_there_every_check_passes(programs: Programs, stack: str) -> None:
    found = outcomes(stack)
    assert [one for one in found.values() if not one.passed] == []
    assert len(found) == len(CHECKS)
    assert programs.calls("az")


def test_a_missing_secret_is_named_and_stops(programs: Programs) -> None:
    vault = "/subscriptions/s/resourceGroups/rg-eva-prod-cac-001/providers/Microsoft.KeyVault"
    [name] = {line.split("/vaults/")[1] for line in secret_urls(programs)}
    programs.told(f"{GET}{vault}/vaults/{name}", stdout="", stderr=NOT_FOUND, code=3)
    assert problems("secrets") == (
        "the vault has no secret 'audit-key', which is to be EVA_AUDIT_KEY",
    )


def secret_urls(programs: Programs) -> set[str]:
    outcomes(only="secrets")
    asked = [
        words[words.index("--url") + 1] for words in programs.calls("az") if words[0] == "rest"
    ]
    return {url.split("?")[0] for url in asked if "/secrets/" in url}


def test_without_a_vault_the_way_to_make_one_is_told(programs: Programs) -> None:
    programs.told(GET, stdout="", stderr=NOT_FOUND, code=3)
    [problem] = problems("secrets")
    assert "eva-infra up --bootstrap" in problem


def test_too_little_quota_is_told_with_what_is_left(programs: Programs) -> None:
    rows = [
        {"name": {"value": "OpenAI.GlobalStandard.gpt-4.1-mini"}, "limit": 250, "currentValue": 0},
        {
            "name": {"value": "OpenAI.Standard.text-embedding-3-small"},
            "limit": 350,
            "currentValue": 0,
        },
    ]
    programs.told(QUOTA, stdout=rows)
    assert problems("quota") == (
        "OpenAI.GlobalStandard.gpt-4.1-mini: 250 left in canadaeast, 300 wanted",
    )


def test_what_others_use_of_a_quota_is_not_ours(programs: Programs) -> None:
    rows = [
        {"name": {"value": f"OpenAI.{m.sku}.{m.model}"}, "limit": 400, "currentValue": 390}
        for m in own("prod").models
    ]
    programs.told(QUOTA, stdout=rows)
    assert problems("quota") == ()  # the stack is there: what is used may be its own
    programs.told(GET, stdout="", stderr=NOT_FOUND, code=3)
    assert problems("quota")


def test_a_model_that_is_not_offered_is_named(programs: Programs) -> None:
    programs.told(MODELS, stdout=[])
    told = problems("models")
    assert "gpt-4.1-mini 2025-04-14 is not offered in canadaeast" in told
    programs.told(QUOTA, stdout=[])
    assert "no quota is known" in problems("quota")[0]


def test_regions_without_access_or_zones_are_named(programs: Programs) -> None:
    programs.told("az account list-locations", stdout=[{"name": "canadacentral"}])
    assert problems("regions") == (
        "the subscription has no region canadaeast",
        "canadacentral has no availability zones in this subscription",
    )


def test_an_unregistered_provider_is_told_with_the_command(programs: Programs) -> None:
    programs.told("az provider list", stdout=[])
    assert "run `az provider register --namespace Microsoft.Cache`" in (problems("providers"))


def test_a_disabled_subscription_is_refused(programs: Programs) -> None:
    programs.told("az account show", stdout={"id": "s", "name": "EVA", "state": "Warned"})
    assert problems("signed_in") == ("the subscription 'EVA' is Warned",)


def test_a_budget_of_a_new_stack_may_not_begin_in_the_past(programs: Programs) -> None:
    assert problems("budget", budgetStart="2026-10-01") == ()
    programs.told(GET, stdout="", stderr=NOT_FOUND, code=3)
    assert problems("budget", budgetStart="2026-10-01") == ("budgetStart: 2026-10-01 has passed",)
    assert problems("budget", budgetStart="2026-11-01") == ()


def test_values_that_stand_for_others_do_not_pass(programs: Programs) -> None:
    told = problems("own_values", repositoryId="0")
    assert told == ("repositoryId: 0 stands for your own",)
    assert programs.calls("az") == []


def test_a_check_that_could_not_be_made_has_not_passed(programs: Programs) -> None:
    programs.told("az provider list", stdout="", stderr="ERROR: AADSTS700082", code=1)
    assert problems("providers") == ("could not be checked: ERROR: AADSTS700082",)


def test_without_the_azure_command_line_nothing_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    found = outcomes()
    assert [one.check for one in found.values() if one.passed] == ["own-values"]
    assert "could not be checked: az" in found["signed-in"].problems[0]
