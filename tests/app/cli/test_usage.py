import orjson
import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.app.cli.running import Eva

GROUPS = {
    "spaces": ["list", "create", "show", "delete"],
    "documents": ["list", "upload", "show", "text", "versions", "delete"],
    "keys": ["create", "list", "revoke"],
    "audit": ["verify"],
}
SINGLE = ["serve", "worker", "demo", "ask", "doctor", "openapi"]
COMMANDS = [[name] for name in (*SINGLE, *GROUPS)] + [
    [group, name] for group, names in GROUPS.items() for name in names
]
WITHOUT_DATA = ("serve", "worker", "openapi")  # print no data, or only data


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"])
    assert told.exit_code == 0
    assert told.output.startswith("Usage: ")
    lines = [line.strip() for line in told.output.splitlines()]
    assert any(line.endswith(".") for line in lines[1:6]), "says what it does"
    assert "\x1b" not in told.output
    expected = len(command) > 1 or command[0] not in (*WITHOUT_DATA, *GROUPS)
    assert ("--json" in told.output) is expected


def test_the_list_of_commands_is_complete() -> None:
    told = CliRunner().invoke(app, ["--help"]).output.split("Commands:")[1]
    listed = [line.split()[0] for line in told.strip().splitlines() if line.strip()]
    assert sorted(listed) == sorted([*SINGLE, *GROUPS])


def test_the_program_runs_and_tells_its_version(eva: Eva) -> None:
    ran = eva.process("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["spaces", "lst"], "Did you mean 'list'?"),
        (["ask"], "Missing argument 'QUESTION'"),
        (["keys", "create", "k", "--local", "--expires", "soon"], "not like 30m, 12h, 90d"),
        (["keys", "create", "k", "--scope", "everything"], "'everything' is not one of"),
        (["documents", "upload", "no-such-file"], "does not exist"),
        (["spaces", "create", "s", "--meta", "x"], "'x' is not NAME=VALUE"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(
    eva: Eva, arguments: list[str], complaint: str
) -> None:
    ran = eva(*arguments, EVA_API_KEY="eva_a_b")
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err


def test_wrong_settings_end_with_2_and_are_all_listed(eva: Eva) -> None:
    ran = eva.process("serve", EVA_PORT="x", EVA_WORKER="perhaps")
    assert (ran.code, ran.out) == (2, "")
    assert "EVA_PORT=x: must be" in ran.err
    assert "EVA_WORKER=perhaps: must be" in ran.err


def test_a_server_that_does_not_answer_ends_with_1_and_says_what_to_do(eva: Eva) -> None:
    ran = eva("spaces", "list", EVA_API_KEY="eva_a_b")
    assert (ran.code, ran.out) == (1, "")
    assert "http://127.0.0.1:9 did not answer" in ran.err
    assert "`eva serve`" in ran.err
    assert "(unreachable)" in ran.err


def test_without_a_key_nothing_is_sent(eva: Eva) -> None:
    ran = eva("ask", "Why?")
    assert (ran.code, ran.out) == (1, "")
    assert "set EVA_API_KEY" in ran.err
    assert "(no-api-key)" in ran.err


def test_a_failure_is_json_too_if_json_was_asked_for(eva: Eva) -> None:
    ran = eva("spaces", "list", "--json", EVA_API_KEY="eva_a_b")
    assert (ran.code, ran.out) == (1, "")
    assert orjson.loads(ran.err)["code"] == "unreachable"
