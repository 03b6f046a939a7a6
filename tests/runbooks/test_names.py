"""Every command, option, target, setting, metric and route that a runbook names exists."""

import itertools
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import typer.main

from app.cli import app as eva
from app.main import create_app
from app.settings import Settings, known_names
from app.web.problems.catalogue import CATALOGUE
from dashboards import signals
from tests.runbooks.pages import FOLDER, PAGES, ROOT, Page

EVA = typer.main.get_command(eva)
TARGETS = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
METRICS = signals.load(ROOT).metrics
SHELLS_OWN = {"PATH", "HOME"}


def named(page: Page) -> str:
    return page.name


def code_of(page: Page) -> str:
    """Every piece of code of a page: blocks of the shell, and what stands between backticks."""
    shell = [block.code for block in page.blocks if block.kind.startswith("bash")]
    return "\n".join([*shell, *re.findall(r"`([^`\n]+)`", page.prose)])


def commands(page: Page, program: str) -> Iterator[list[str]]:
    """The arguments that a page gives to a program, wherever a command may begin."""
    text = code_of(page).replace("\\\n", " ")
    begins = rf"(?:^|[|;(])\s*(?:[A-Z_]+=\S+ |time )*{program} (.*)$"
    for found in re.findall(begins, text, re.MULTILINE):
        words = shlex.shlex(found, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        yield list(itertools.takewhile(lambda word: not set(word) <= set("|;&()<>"), words))


def wrong_with(arguments: list[str]) -> str:
    """What is wrong with a call of `eva`; nothing if such a command with such options exists."""
    command: Any = EVA
    for word in arguments:
        if hasattr(command, "commands"):
            if word in command.commands:
                command = command.commands[word]
                continue
            return f"no command {word!r}"
        options = {name for option in command.params for name in option.opts}
        if word.startswith("--") and word.partition("=")[0] not in {*options, "--help"}:
            return f"no option {word!r} of {command.name}"
    return "no command at all" if hasattr(command, "commands") else ""


def test_a_command_or_an_option_that_does_not_exist_would_be_found() -> None:
    assert wrong_with(["keys", "rotate", "KEY", "--overlap", "7d"]) == ""
    assert wrong_with(["keys", "turn"]) == "no command 'turn'"
    assert wrong_with(["backup", "there", "--fast"]) == "no option '--fast' of backup"
    assert wrong_with(["keys"]) == "no command at all"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_eva_command_exists(page: Page) -> None:
    said = {" ".join(words): wrong_with(words) for words in commands(page, "eva") if words}
    assert {command: wrong for command, wrong in said.items() if wrong} == {}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_exists(page: Page) -> None:
    named_targets = {words[0] for words in commands(page, "make") if words}
    assert named_targets <= set(TARGETS)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_module_that_is_run_exists(page: Page) -> None:
    modules = {words[1] for words in commands(page, "python") if words[:1] == ["-m"]}
    assert [module for module in modules if find_spec(module) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_and_every_variable_is_known(page: Page) -> None:
    exported = set(re.findall(r"\b([A-Z][A-Z_]+)=", (FOLDER / "README.md").read_text()))
    code = code_of(page)
    assigned = set(re.findall(r"^ *([A-Z_]+)=|\b([A-Z_]+)=\$\(", code, re.MULTILINE))
    own = {name for pair in assigned for name in pair if name}
    asked = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", code))
    unknown = asked - exported - own - SHELLS_OWN - set(MEANT_FOR.get(page.name, ()))
    assert unknown == set()
    settings = set(re.findall(r"`([A-Z]+_[A-Z_]+[A-Z])(?:=[^`]*)?`", page.prose))
    assert settings - set(known_names()) == set()


# What only that page's step can know; the text before the command says what it is.
MEANT_FOR = {
    "alerts/OidcFailing": ("ISSUER",),
    "alerts/CosmosThrottled": ("CONTAINER",),
    "alerts/CertificateExpiring": ("PUBLIC_HOST", "DOMAIN"),
    "procedures/deploy": (
        *("IMAGE", "BUILD", "STACK_REGISTRY", "PRODUCTION_URL", "STAGING_URL"),
        "WORKER",
    ),
    "procedures/rollback": (
        *("PRODUCTION_URL", "STAGING_URL"),
        *("WORKER", "OLD_REVISION", "NEW_REVISION", "OLD_IMAGE"),
    ),
    "procedures/restore": ("MOMENT", "LOCATION"),
    "procedures/region-failover": ("LOCATION", "SECOND_LOCATION"),
    "procedures/secret-rotation": ("NAME", "EXPIRES", "OWNER"),
}


def prometheus(metric: Any) -> str:
    return str(metric.name).replace(".", "_")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_metric_exists(page: Page) -> None:
    spelt = re.findall(r"`(eva\.[a-z_.]+[a-z]|gen_ai\.[a-z_.]+[a-z])`", page.prose)
    assert {name for name in spelt if name not in METRICS and name != "eva.db"} == set()
    scraped = re.findall(r"\^(eva_[a-z_]+)", code_of(page))
    known = tuple(prometheus(metric) for metric in METRICS.values())
    assert [name for name in scraped if not name.startswith(known)] == []


@pytest.fixture(scope="module")
def routes() -> set[str]:
    paths = create_app(Settings()).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_route_exists(page: Page, routes: set[str]) -> None:
    told = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)`", page.prose))
    asked = re.findall(r"\$EVA_URL(/[^\"\s?]*)", code_of(page))
    assert told <= routes
    plain = {re.sub(r"\{\w+\}", "X", route.split()[1]) for route in routes}
    called = {re.sub(r"/(?:JOB|\$job)(?=/)", "/X", path) for path in asked}
    assert called <= plain


def test_problem_codes_that_runbooks_rely_on_exist() -> None:
    relied_on = {"unavailable", "storage-full", "internal-error", "budget-exceeded"}
    text = "\n".join(page.text for page in PAGES)
    assert all(f"`{code}`" in text for code in relied_on)
    assert relied_on <= set(CATALOGUE)
