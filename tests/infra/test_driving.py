import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from eva_infra.cli import main
from eva_infra.settings import files
from tests.infra.azure_answers import GET, NOT_FOUND, OWN
from tests.infra.programs import Programs, policy, step, summary

WELL, FOUND, WRONG, DESTROYS, FAILED = range(5)
LOST = step("replace", "cosmosdb:DatabaseAccount", "account", "location")


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stack files be of somebody who has replaced what stands for other values."""
    folder = tmp_path / "infra"
    folder.mkdir()
    for path in files.FOLDER.glob("Pulumi.*.yaml"):
        content = yaml.safe_load(path.read_text())
        content["config"] |= {f"eva-api:{name}": value for name, value in OWN.items()}
        (folder / path.name).write_text(yaml.safe_dump(content))
    monkeypatch.setattr(files, "FOLDER", folder)


def called(programs: Programs, *beginning: str) -> list[list[str]]:
    words = list(beginning)
    return [call for call in programs.calls("pulumi") if call[: len(words)] == words]


def test_a_preview_asks_every_policy_and_changes_nothing(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "prod", "--json"]) == WELL
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"create": 1, "same": 173}
    assert told["changes"] == [
        {"op": "create", "type": "azure-native:keyvault:Vault", "name": "vault", "because": []}
    ]
    [asked] = called(programs, "preview")
    assert asked[asked.index("--policy-pack") + 1].endswith("infra/policy")
    assert asked[asked.index("--stack") + 1] == "prod"
    assert called(programs, "up") == []


def test_a_preview_writes_a_comment_for_a_pull_request(programs: Programs, tmp_path: Path) -> None:
    programs.told("pulumi preview", stdout="", events=[LOST, summary(replace=1)])
    comment = tmp_path / "comment.md"
    assert main(["preview", "prod", "--comment", str(comment)]) == DESTROYS
    text = comment.read_text()
    assert "### Infrastructure: `prod`" in text
    assert "**would destroy** `azure-native:cosmosdb:DatabaseAccount` `account`" in text
    assert "| replace | `azure-native:cosmosdb:DatabaseAccount` | `account` | location |" in text


def test_a_broken_policy_ends_a_preview(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = [policy("no-keys", "account takes keys")]
    programs.told("pulumi preview", stdout="", events=broken, code=255, stderr="failed")
    assert main(["preview", "prod"]) == FOUND
    assert "policy: no-keys: account takes keys" in capsys.readouterr().out


def test_a_deployment_does_exactly_what_was_previewed(programs: Programs) -> None:
    image = f"eva-api@sha256:{'b' * 64}"
    assert main(["up", "prod", "--image", image]) == WELL
    [preview], [up] = called(programs, "preview"), called(programs, "up")
    assert planned(preview) == planned(up)
    [setting] = called(programs, "config", "set")
    assert image in setting
    order = [call[0] for call in programs.calls("pulumi")]
    assert order.index("config") < order.index("preview") < order.index("up")


def test_a_deployment_keeps_what_a_swap_changed_since_the_last_one(programs: Programs) -> None:
    """What is ignored is written back from the state: so the state is brought up to date first."""
    assert main(["up", "prod"]) == WELL
    order = [call[0] for call in programs.calls("pulumi")]
    assert order.index("refresh") < order.index("preview") < order.index("up")
    assert "--preview-only" not in called(programs, "refresh")[0]


def test_a_preview_looks_at_what_is_there_and_takes_nothing_over(programs: Programs) -> None:
    assert main(["preview", "prod"]) == WELL
    assert "--refresh" in called(programs, "preview")[0]
    assert called(programs, "refresh") == []


def planned(call: list[str]) -> str:
    return next(word for name, word in pairwise(call) if name in PLANS)


PLANS = {"--plan", "--save-plan"}


def test_a_missing_secret_stops_a_deployment_before_pulumi_is_asked(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    programs.told(GET, stdout="", stderr=NOT_FOUND, code=3)
    assert main(["up", "prod"]) == FOUND
    assert "FAILED secrets" in capsys.readouterr().err
    assert programs.calls("pulumi") == []


def test_a_wrong_setting_stops_a_deployment_before_anything_is_asked(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "prod", "--image", "eva-api:latest"]) == WRONG
    assert "image: 'eva-api:latest' is not a repository with a digest" in capsys.readouterr().err
    assert programs.calls("pulumi") == []
    assert programs.calls("az") == []


def test_a_deployment_that_would_destroy_data_is_not_made(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    programs.told("pulumi preview", stdout="", events=[LOST, summary(replace=1)])
    assert main(["up", "prod"]) == DESTROYS
    assert "WOULD DESTROY azure-native:cosmosdb:DatabaseAccount account" in capsys.readouterr().err
    assert called(programs, "up") == []


def test_what_is_named_may_be_destroyed(programs: Programs) -> None:
    programs.told("pulumi preview", stdout="", events=[LOST, summary(replace=1)])
    assert main(["up", "prod", "--allow-destroy", "another"]) == DESTROYS
    assert main(["up", "prod", "--allow-destroy", "account"]) == WELL
    assert len(called(programs, "up")) == 1


def test_the_first_deployment_makes_only_what_secrets_need(programs: Programs) -> None:
    programs.told(GET, stdout="", stderr=NOT_FOUND, code=3)
    assert main(["up", "dev", "--bootstrap"]) == WELL
    [up] = called(programs, "up")
    targets = [word for name, word in pairwise(up) if name == "--target"]
    assert any(urn.endswith("keyvault:Vault::vault") for urn in targets)
    assert any(urn.endswith("resources:ResourceGroup::group") for urn in targets)
    assert not any("web:WebApp" in urn or "cosmosdb" in urn for urn in targets)


def test_no_drift_ends_well_and_drift_is_found(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "prod"]) == WELL
    changed = [step("update", "web:WebApp", "site", "httpsOnly"), summary(update=1, same=173)]
    programs.told("pulumi refresh", stdout="", events=changed)
    assert main(["drift", "prod"]) == FOUND
    assert "azure-native:web:WebApp site (httpsOnly)" in capsys.readouterr().out
    assert all("--preview-only" in call for call in called(programs, "refresh"))


def test_a_refresh_takes_over_what_is_there(programs: Programs) -> None:
    assert main(["refresh", "dev"]) == WELL
    [asked] = called(programs, "refresh")
    assert "--preview-only" not in asked


def test_outputs_are_told_and_secrets_are_not(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    masked = {"serviceHost": "a.example", "password": "[secret]"}  # pragma: allowlist secret
    shown = masked | {"password": "hunter2"}  # pragma: allowlist secret
    programs.told("pulumi stack output --json", stdout=masked)
    programs.told("pulumi stack output --json --show-secrets", stdout=shown)
    assert main(["outputs", "prod", "--json"]) == WELL
    told = json.loads(capsys.readouterr().out)
    assert told == {"serviceHost": "a.example", "password": "***"}  # pragma: allowlist secret
    assert main(["outputs", "prod", "--name", "serviceHost"]) == WELL
    assert capsys.readouterr().out == "a.example\n"
    assert main(["outputs", "prod", "--name", "nothing"]) == FAILED
    assert "prod has no output nothing" in capsys.readouterr().err


def test_a_failing_command_line_is_told_and_ends_differently(
    programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    programs.told("pulumi preview", stdout="", stderr="error: no login", code=1)
    assert main(["preview", "prod"]) == FAILED
    assert "error: no login" in capsys.readouterr().err


def test_a_missing_command_line_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert main(["drift", "prod"]) == FAILED
    assert "pulumi: " in capsys.readouterr().err


def test_help_tells_every_command_and_how_each_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    for command in ("preview", "up", "refresh", "drift", "outputs", "cost", "graph", "preflight"):
        assert f" {command} " in told
    assert "3 data would be destroyed" in told


def test_an_unknown_stack_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["preview", "production"])
    assert ended.value.code == WRONG
    assert "invalid choice: 'production'" in capsys.readouterr().err
