"""The look at staging, with an `az` and a `make` that answer as they are told to."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.drills.staging import Staging, look
from pipelines.readiness.checks import drill as check
from pipelines.readiness.checks.check import Asked
from tests.pipelines.court import NOW

STAGING = Staging(stack="staging", group="rg", app="eva", action_group="people")
STEPS = [
    "every secret is a Key Vault reference",
    "no secret in settings",
    "no drift",
    "an alert reached the on-call channel",
]
WELL = [
    {"name": "EVA_AUDIT_KEY", "value": "vault:audit-key"},
    {"name": "EVA_BACKEND", "value": "azure"},
]
PEOPLE = {"emailReceivers": [{"name": "person-0", "emailAddress": "on-call@acme.test"}]}
SENT = {"state": "Complete", "actionDetails": [{"Name": "person-0", "Status": "Completed"}]}


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of answers, in which all is well."""
    told(tmp_path, settings=WELL, people=PEOPLE, sent=SENT)
    written(tmp_path, "make", "exit 0")
    written(
        tmp_path,
        "az",
        f"""echo "$@" >> {tmp_path}/az.log
case "$*" in
  *appsettings*) cat {tmp_path}/settings ;;
  containerapp*) cat {tmp_path}/app ;;
  *test-notifications*) cat {tmp_path}/sent ;;
  *action-group*) cat {tmp_path}/people ;;
esac""",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def written(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def told(folder: Path, **answers: object) -> None:
    for name, answer in answers.items():
        (folder / name).write_text(json.dumps(answer))


def failed(name: str) -> str:
    steps = {step["name"]: step for step in look(STAGING).steps}
    assert [step["name"] for step in steps.values() if not step["ok"]] == [name]
    return str(steps[name]["said"])


def test_where_all_is_well_every_step_that_the_gate_demands_is_done(azure: Path) -> None:
    made = look(STAGING)
    report = {"drill": "staging-preflight", "steps": made.steps, "measured": made.measured}
    asked = Asked(options={"drill": "staging-preflight", "steps": STEPS}, now=NOW)
    reading = check.CHECK.read(json.dumps(report).encode(), asked)
    assert (reading.findings, reading.absent) == ((), ())
    calls = (azure / "az.log").read_text()
    assert "--slot staging" in calls
    assert "--add-action email person-0 on-call@acme.test usecommonalertschema" in calls


def test_container_apps_are_looked_at_in_their_own_way(azure: Path) -> None:
    told(azure, app={"properties": {"template": {"containers": [{"env": WELL}]}}})
    apps = replace(STAGING, worker="eva-worker")
    assert [step["ok"] for step in look(apps).steps] == [True] * 4
    assert (
        "containerapp show --resource-group rg --name eva-worker" in (azure / "az.log").read_text()
    )


def test_a_secret_beside_the_vault_is_named(azure: Path) -> None:
    told(azure, settings=[*WELL, {"name": "REDIS_PASSWORD", "value": "hunter2"}])
    assert failed(STEPS[0]).startswith("no reference: REDIS_PASSWORD")


def test_an_app_without_any_secret_is_not_the_service(azure: Path) -> None:
    told(azure, settings=[WELL[1]])
    assert failed(STEPS[0]) == "no setting is a secret"


@pytest.mark.parametrize(
    "value",
    [
        "DefaultEndpointsProtocol=https;AccountKey=abc",
        "https://x.test/?a=1&sig=abc",
        "redis://u:p@h",
    ],
)
def test_what_opens_something_is_found_under_any_name(azure: Path, value: str) -> None:
    told(azure, settings=[*WELL, {"name": "EVA_EXTRA", "value": value}])
    assert failed(STEPS[1]).startswith("opens something: EVA_EXTRA")


def test_drift_is_told_in_its_own_words(azure: Path) -> None:
    written(azure, "make", "echo 'site (httpsOnly)'; exit 1")
    assert failed(STEPS[2]) == "site (httpsOnly)"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"people": {"emailReceivers": []}}, "people tells nobody"),
        (
            {"sent": {"actionDetails": [{"Name": "person-0", "Status": "Failed"}]}},
            "not delivered: person-0",
        ),
        ({"sent": {"state": "Complete"}}, "not delivered: nothing was told"),
    ],
    ids=["nobody", "failed", "nothing"],
)
def test_an_alert_that_reaches_nobody_is_no_alert(
    azure: Path, answers: dict[str, object], said: str
) -> None:
    told(azure, **answers)
    assert failed(STEPS[3]) == said
