import ast
import importlib
import inspect
import itertools
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

import app
from app.core.errors import EvaError
from app.web.edge import Edge
from app.web.problems import wording
from app.web.problems.catalogue import CATALOGUE, STATUSES
from app.web.problems.rendering import respond
from tests.app.web.house import API, House, problem

ROOT = Path(app.__file__).parent


def every_error() -> Iterator[type[EvaError]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.startswith(("app.core.", "app.web.")):
            importlib.import_module(module.name)
    found = [EvaError]
    for one in found:
        found += one.__subclasses__()
    return iter(dict.fromkeys(found))


def test_every_error_has_a_status_and_a_code_of_its_own() -> None:
    missing = [one.__name__ for one in every_error() if one not in STATUSES]
    assert missing == []
    assert len(CATALOGUE) == len(STATUSES)


def test_every_code_is_told_in_both_languages_without_an_unfilled_fact() -> None:
    for entry in CATALOGUE.values():
        english, french = entry.said["en"], entry.said["fr"]
        assert english.title
        assert english.meaning != french.meaning
        fields = [set(_fields(said.detail)) for said in (english, french)]
        assert fields[0] == fields[1], entry.code


def _fields(template: str) -> Iterator[str]:
    return (name for _, name, _, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
async def test_every_code_is_documented_in_english_and_french(code: str, house: House) -> None:
    anybody = await house.anybody()
    english = await anybody.get(f"/problems/{code}")
    french = await anybody.get(f"/problems/{code}", headers={"Accept-Language": "fr-CA"})
    assert (english.status_code, french.status_code) == (200, 200)
    assert english.json()["status"] == CATALOGUE[code].status
    assert english.json()["meaning"] != french.json()["meaning"]
    assert french.headers["content-language"] == "fr"


@pytest.mark.parametrize("error", STATUSES, ids=lambda one: one.code)
async def test_every_error_becomes_its_problem_in_the_language_asked_for(
    error: type[EvaError],
) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        facts: dict[str, object] = {"reason": "must be an object", "pointer": "/x", "scope": "s"}
        failed = error()
        failed.facts = facts
        await respond(scope, failed)(scope, receive, send)

    transport = httpx2.ASGITransport(app=Edge(failing))
    async with httpx2.AsyncClient(transport=transport, base_url="http://eva") as client:
        english = problem(await client.get("/x"), STATUSES[error], error.code)
        header = {"Accept-Language": "en;q=0.5, fr"}
        french = problem(await client.get("/x", headers=header), STATUSES[error], error.code)
    assert french["title"] != english["title"] or error.code == "conflict"
    assert "{" not in english["detail"] + french["detail"]


def test_every_reason_that_a_use_case_gives_has_a_french_form() -> None:
    missing = [reason for reason in given_reasons() if not wording.translated(reason)]
    assert missing == []


def given_reasons() -> Iterator[str]:
    """Yield the `reason` of every InvalidInputError and ConflictError in the source."""
    for path in itertools.chain(ROOT.glob("core/*.py"), ROOT.glob("web/**/*.py")):
        module_name = ".".join(["app", *path.relative_to(ROOT).with_suffix("").parts])
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node) in ("InvalidInputError", "ConflictError"):
                for keyword in node.keywords:
                    if keyword.arg == "reason":
                        yield from _texts(keyword.value, module_name)


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(node: ast.expr, module_name: str) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        module = vars(importlib.import_module(module_name))
        states = ["pending", "processing", "completed", "failed", "cancelled"]
        for state in states if "status" in ast.unparse(node) else [""]:
            yield "".join(_part(part, module, state) for part in node.values)


def _part(part: ast.expr, module: dict[str, Any], state: str) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    text = ast.unparse(part.value)
    if "status" in text:
        return state
    return ", ".join(module["Op"]) if text == "known" else str(module[text])


def test_reasons_are_found_in_the_source() -> None:
    found = set(given_reasons())
    assert {"must be an object", "the query is completed", "nested deeper than 5"} <= found


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en, fr;q=0.9", "en"),
        ("de, fr;q=0.1", "fr"),
        ("de", "en"),
        ("*", "en"),
        ("en;q=0, *", "fr"),
        ("fr;q=nonsense", "en"),
        ("fr;q=0", "en"),
        (",;q=,,fr", "fr"),
    ],
)
async def test_the_language_follows_the_weights(
    house: House, header: str | None, language: str
) -> None:
    anybody = await house.anybody({} if header is None else {"Accept-Language": header})
    refused = await anybody.get(f"{API}/spaces")
    problem(refused, 401, "unauthenticated")
    assert refused.headers["content-language"] == language
    assert "Accept-Language" in refused.headers["vary"]


async def test_an_unknown_path_and_a_wrong_method_are_problems(house: House) -> None:
    anybody = await house.anybody()
    problem(await anybody.get("/nowhere"), 404, "route-not-found")
    refused = await anybody.post("/livez")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET"
    refused = await anybody.post(f"{API}/spaces/x")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "DELETE, GET, PATCH, PUT"
    problem(await anybody.get("/livez/"), 404, "route-not-found")


async def test_an_unexpected_fault_tells_nothing_and_keeps_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        raise RuntimeError("the password is hunter2")

    transport = httpx2.ASGITransport(app=Edge(failing))
    async with httpx2.AsyncClient(transport=transport, base_url="http://eva") as client:
        told = await client.get("/x", headers={"X-Request-Id": "abc"})
    problem(told, 500, "internal-error")
    assert "hunter2" not in told.text
    assert "abc" in caplog.text
    assert "hunter2" in caplog.text


async def test_a_fault_after_the_answer_began_is_not_answered_twice() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(b"partial")(scope, receive, send)
        raise RuntimeError("late")

    transport = httpx2.ASGITransport(app=Edge(failing))
    async with httpx2.AsyncClient(transport=transport, base_url="http://eva") as client:
        with pytest.raises(RuntimeError, match="late"):
            await client.get("/x")


def test_pydantic_types_with_a_sentence_are_known() -> None:
    assert wording.known("missing")
    assert inspect.getdoc(wording) is not None
    assert wording.of_type("no_such_type", {}, "fr") == "n'est pas valide"
