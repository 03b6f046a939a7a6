import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eva_infra.program import deploy
from eva_infra.recording import record
from eva_infra.recording.azure import KnownAzure
from eva_infra.settings import STACKS, Settings, SettingsError, config_of, files, settings_of
from eva_infra.settings.checks import placeholders
from eva_infra.settings.stack import names
from tests.infra.azure_answers import own

MODEL = {
    "deployment": "answers", "role": "answers", "model": "gpt-4.1-mini", "version": "2025-04-14",
    "sku": "Standard", "capacity": 30,
}  # fmt: skip
WRONG = {
    "environment": "production",
    "location": "atlantis",
    "secondLocation": "canada",
    "owner": "?",
    "costCenter": "",
    "hosting": "kubernetes",
    "image": "eva-api:latest",
    "repository": "eva-api",
    "ownerId": "octocat",
    "repositoryId": "",
    "network": "8.8.8.0/20",
    "edge": "perhaps",
    "allowedAddresses": '["everywhere"]',
    "domain": "https://api.example.ca",
    "calledAddresses": '["example.ca"]',
    "privateQueries": "sometimes",
    "wafMode": "Off",
    "models": json.dumps([MODEL | {"sku": "Cheap"}]),
    "secrets": '{"lower": "case"}',
    "service": '{"EVA_LOG_LEVEL": ""}',
    "alertEmails": "[]",
    "monthlyBudget": "0",
    "budgetStart": "2026-12-15",
    "zones": "3",
    "planSku": "F1",
    "leastInstances": "0",
    "mostInstances": "many",
    "cosmosMaxRus": "1500",
    "redisSku": "Basic_C0",
    "storageSku": "Premium_LRS",
    "logDays": "7",
    "auditDays": "-1",
    "unheardOf": "1",
}
CONTRADICTIONS = {
    "mostInstances": ("prod", {"mostInstances": "3", "leastInstances": "4"}),
    "secondLocation": ("prod", {"secondLocation": "canadacentral"}),
    "zones": ("prod", {"location": "canadaeast", "secondLocation": "canadacentral"}),
    "storageSku": ("prod", {"storageSku": "Standard_LRS"}),
    "allowedAddresses": ("dev", {"allowedAddresses": "[]"}),
    "domain": ("dev", {"domain": "api.example.ca"}),
    "models": ("dev", {"models": json.dumps([MODEL])}),
    "edge": ("prod", {"edge": "false", "allowedAddresses": '["203.0.113.0/24"]'}),
    "protect": ("prod", {"protect": "false"}),
    "leastInstances": ("prod", {"leastInstances": "2"}),
    "wafMode": ("prod", {"wafMode": "Detection"}),
}


@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_file_is_read_whole(stack: str) -> None:
    settings = settings_of(stack)
    assert settings.environment == stack
    assert {one.role for one in settings.models} == {"answers", "embeddings"}


def test_networks_of_stacks_do_not_overlap() -> None:
    dev, staging, prod = (settings_of(stack).network for stack in STACKS)
    assert not dev.overlaps(staging)
    assert not dev.overlaps(prod)
    assert not staging.overlaps(prod)


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of("dev", **{name: value})
    assert any(said.startswith(f"{name}: ") for said in refused.value.problems)


@pytest.mark.parametrize("name", sorted(set(WRONG) - {"unheardOf"}))
def test_there_is_a_wrong_value_for_every_setting(name: str) -> None:
    assert set(names()) - set(WRONG) <= {"modelsLocation", "protect"}
    assert name in names()


@pytest.mark.parametrize(("name", "case"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_refused(
    name: str, case: tuple[str, dict[str, str]]
) -> None:
    stack, replaced = case
    with pytest.raises(SettingsError) as refused:
        settings_of(stack, **replaced)
    assert any(said.startswith(f"{name}: ") for said in refused.value.problems)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of("dev", edge="perhaps", zones="3", owner="?")
    assert [said.split(":")[0] for said in refused.value.problems] == ["owner", "edge", "zones"]


def test_a_missing_setting_is_named_with_its_meaning() -> None:
    with pytest.raises(SettingsError, match=r"owner: is missing \(who answers for the stack\)"):
        Settings.read("dev", {"environment": "dev"})


def test_a_stack_is_not_deployed_as_another() -> None:
    with pytest.raises(SettingsError, match="'prod' is not the stack 'dev'"):
        Settings.read("dev", {"environment": "prod"})


def test_a_missing_stack_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml: there is no such stack file"):
        config_of("dev")


def test_a_wrong_setting_is_refused_before_any_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(KnownAzure, "new_resource", lambda _, args: made.append(args))
    with pytest.raises(SettingsError, match="zones: 'perhaps' is not true or false"):
        record("prod", deploy, config_of("prod") | {"eva-api:zones": "perhaps"})
    assert made == []


@hypothesis_settings(deadline=None)
@given(name=st.sampled_from(names()), value=st.text(max_size=40))
def test_any_text_is_a_value_or_refused_by_name(name: str, value: str) -> None:
    given_ = {"environment": "dev"} | {name: value}
    with pytest.raises(SettingsError) as refused:  # the other settings are missing
        Settings.read("dev", given_)
    own = [said for said in refused.value.problems if said.startswith(f"{name}: ")]
    assert not any("is missing" in said for said in own if name != "environment")


@pytest.mark.parametrize("stack", STACKS)
def test_values_that_stand_for_others_are_named(stack: str) -> None:
    told = list(placeholders(settings_of(stack)))
    names_ = ["repository", "ownerId", "repositoryId", "image"]
    names_ += ["domain", "alertEmails"] if stack == "prod" else ["alertEmails"]
    assert [said.split(":")[0] for said in told] == names_
    assert list(placeholders(own(stack))) == []


@pytest.mark.parametrize(
    "domain", ["localhost", "-a.example.ca", "a..ca", "API.example.ca", "a.c", "*.example.ca"]
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(SettingsError, match=r"domain: .* is not empty or a name such as"):
        settings_of("prod", domain=domain)


def test_an_image_is_named_without_a_registry_which_is_the_stacks_own() -> None:
    digest = f"@sha256:{'a' * 64}"
    assert settings_of("prod", image=f"team/eva-api{digest}").image == f"team/eva-api{digest}"
    with pytest.raises(SettingsError, match=r"image: .* without its registry"):
        settings_of("prod", image=f"other.azurecr.io/eva-api{digest}")


def test_a_stack_may_be_without_a_domain() -> None:
    assert settings_of("prod", domain="").domain == ""
