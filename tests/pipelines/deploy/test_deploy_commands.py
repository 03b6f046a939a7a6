"""The commands of a release, with an `az` that writes down what it was asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.deploy.__main__ import main
from pipelines.deploy.azure import RequestLog
from pipelines.deploy.model import DeploymentFailedError, Outcome, Sample
from pipelines.deploy.rehearsal.drill import SCENES, WATCH, rehearse
from tests.pipelines.deploy.staged import stub_az

PLACE = ["--group", "rg", "--app", "eva", "--production-url", "http://127.0.0.1:9"]
STAGING = ["--staging-url", "http://127.0.0.1:9"]
IMAGE = "registry/eva@sha256:" + "0" * 64


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_staging_sets_the_slots_image_by_its_digest_and_reports_what_is_wrong(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, report = stub_az(path), path / "report.json"
    asked = ["--image", IMAGE, "--build", "abc", "--smoke-seconds", "0.1", "--report", str(report)]
    assert main(["stage", *PLACE, *STAGING, *asked]) == 1
    assert log.read_text() == (
        "webapp config container set --resource-group rg --name eva --slot staging"
        f" --container-image-name {IMAGE} --output json --only-show-errors\n"
    )
    told = json.loads(report.read_text())
    assert (told["outcome"], told["steps"][-1]["name"]) == ("refused", "smoke")
    assert "abc: refused" in capsys.readouterr().out


def test_a_stacks_registry_takes_the_image_over_before_the_slot_pulls_it(path: Path) -> None:
    log = stub_az(path)
    asked = ["--image", IMAGE, "--build", "abc", "--smoke-seconds", "0.1", "--registry", "creva"]
    assert main(["stage", *PLACE, *STAGING, *asked]) == 1  # nothing serves here
    imported, deployed = log.read_text().splitlines()
    assert imported.startswith(f"acr import --name creva --source {IMAGE} --image eva:abc --force")
    assert f"--container-image-name creva.azurecr.io/{IMAGE.removeprefix('registry/')}" in deployed


def test_the_way_there_and_back_is_told_as_the_drill_that_the_gate_reads(path: Path) -> None:
    stub_az(path)
    report = path / "drill.json"
    asked = ["--image", IMAGE, "--build", "abc", "--smoke-seconds", "0.1", "--report", str(report)]
    assert main(["there-and-back", *PLACE, *STAGING, *asked]) == 1
    told = json.loads(report.read_text())
    assert told["drill"] == "staging-deploy"
    assert [(step["name"], step["ok"]) for step in told["steps"]] == [
        ("deploy", True),
        ("smoke", False),
    ]


def test_an_image_without_a_digest_is_deployed_nowhere(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = stub_az(path)
    assert main(["stage", *PLACE, *STAGING, "--image", "eva:latest", "--build", "abc"]) == 1
    assert "eva:latest is not named by its digest" in capsys.readouterr().out
    assert not log.exists()


def test_swapping_back_by_hand_is_one_command(path: Path) -> None:
    log = stub_az(path)
    assert main(["swap-back", *PLACE, *STAGING]) == 0
    assert log.read_text().startswith(
        "webapp deployment slot swap --resource-group rg --name eva --slot staging"
        " --target-slot production"
    )


def test_what_az_refuses_is_told_in_its_own_words(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub_az(path, fails=True)
    assert main(["swap-back", *PLACE, *STAGING]) == 2
    assert "no such app" in capsys.readouterr().err


def test_a_machine_without_az_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["swap-back", *PLACE, *STAGING]) == 2
    assert "az is not installed" in capsys.readouterr().err


async def test_the_request_log_is_read_as_log_analytics_writes_it(path: Path) -> None:
    row = {"requests": "120", "failures": "3", "p95": "81.5", "TableName": "PrimaryResult"}
    log = stub_az(path, says=json.dumps([row]))
    sample = await RequestLog(workspace="w").sample(300)
    assert sample == Sample(requests=120, failures=3, p95_ms=81.5)
    assert "ago(300s)" in log.read_text()


@pytest.mark.parametrize("said", ["[]", "not json", '[{"requests": 1}]'])
async def test_a_request_log_that_tells_nothing_is_no_good_news(path: Path, said: str) -> None:
    stub_az(path, says=said)
    with pytest.raises(DeploymentFailedError, match="no telling from the request log"):
        await RequestLog(workspace="w").sample(300)


async def test_a_build_that_errs_is_swapped_back_while_clients_go_on() -> None:
    erring = [scene for scene in SCENES if scene.artifact == "erring"]
    watch = replace(WATCH, duration_s=60, window_s=60, p95_ms=60_000)  # until it errs
    drill = await rehearse(lambda _: None, watch, erring, smoke_s=90)
    assert drill.ok(), drill.steps
    assert erring[0].outcome is Outcome.SWAPPED_BACK
    assert drill.measured["requests lost outside fault windows"] == 0
    assert drill.measured["requests failed in fault windows"] > 0
