import orjson
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from app.cli import app
from tests.app.cli.running import Eva

# The groups and the commands in them, as the program itself has them.
GROUPS = {
    name: list(getattr(command, "commands", ()))
    for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]
}
COMMANDS = [[name] for name in GROUPS] + [
    [group, name] for group, names in GROUPS.items() for name in names
]
WITHOUT_DATA = ("serve", "worker", "openapi", "dev-issuer")  # they print no data, or only data


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"])
    assert told.exit_code == 0
    assert told.output.startswith("Usage: ")
    lines = [line.strip() for line in told.output.splitlines()]
    assert any(line.endswith(".") for line in lines[1:6]), "says what it does"
    assert "\x1b" not in told.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_with_data_prints_it_as_json_too(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"]).output
    is_group = len(command) == 1 and bool(GROUPS[command[0]])
    always = command == ["audit", "export"]  # it prints nothing but JSON
    assert ("--json" in told) is not (is_group or always or command[0] in WITHOUT_DATA)


def test_the_commands_that_people_rely_on_are_there() -> None:
    promised = {"serve", "worker", "demo", "ask", "spaces", "documents", "keys", "doctor"}
    assert promised | {"openapi"} <= set(GROUPS)
    assert GROUPS["documents"] == ["list", "upload", "show", "text", "versions", "delete"]


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
