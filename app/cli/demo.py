"""`eva demo`: the whole product on this repository's own documents, every citation checked."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import answers, temporary
from app.cli.asking import answered
from app.cli.options import Json
from app.cli.receipts import completed
from app.cli.screen import Screen

if TYPE_CHECKING:
    from app.cli.client import Client

_ROOT = Path(__file__).parents[2]
_PAGES = (
    "README.md",
    "LISEZMOI.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/**/*.md",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the page that answers it, if any does."""

    text: str
    page: str | None


QUESTIONS = (
    Question("Is there OCR for scanned pages?", "README.md"),
    Question("Que répond le service quand les sources ne disent rien ?", "LISEZMOI.md"),
    Question("How tall is the Eiffel Tower?", None),
)


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the space, to ask more.")] = False,
    as_json: Json = False,
) -> None:
    """Ask this repository's own documents three questions and check every citation.

    Without a server at EVA_URL one is started for the duration, on the same data folder; without
    EVA_API_KEY a key for one hour is issued in the data folder.
    """
    screen = Screen(as_json=as_json)
    with ExitStack() as stack:
        server = stack.enter_context(temporary.server(screen))
        paths = stack.enter_context(_documents())
        told = _run(server, paths, screen, keep=keep)
    if as_json:
        screen.data(told)
    if not all(one["as_expected"] for one in told):
        screen.note("Something is not as it should be: see above.")
        raise typer.Exit(1)


@contextmanager
def _documents() -> Iterator[list[Path]]:
    """Lend the repository's pages or, where only the package is, the page that ships with it."""
    found = [page for name in _PAGES for page in sorted(_ROOT.glob(name))]
    if found:
        yield found
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "README.md"
        page.write_text(metadata("eva-api")["Description"])
        yield [page]


def _run(
    server: "Client", paths: list[Path], screen: Screen, *, keep: bool
) -> list[dict[str, Any]]:
    from app.cli.uploading import Said, upload_all

    wanted = {"name": "EVA demo", "description": "This repository's own documents."}
    space: str = server.call("POST", "/api/v1/spaces", json=wanted)["id"]
    try:
        uploaded = upload_all(server, f"/api/v1/spaces/{space}/documents", paths, Said(), wait=True)
        ready = sum(outcome.status == "ready" for outcome in uploaded)
        screen.say(f"{ready} of {len(uploaded)} documents can be asked.")
        names = {path.name for path in paths}
        return [_ask(server, space, (q.text, q.page in names), screen) for q in QUESTIONS]
    finally:
        if keep:
            screen.say(f'Kept: ask more with `eva ask "…" --space {space}`.')
        else:
            _delete(server, space, screen)


def _ask(
    server: "Client", space: str, question: tuple[str, bool], screen: Screen
) -> dict[str, Any]:
    """Ask, show and verify; `question` says whether an answer is expected."""
    text, answerable = question
    screen.say()
    screen.say(f"? {text}", "bold cyan")
    query = answered(server, {"space_ids": [space], "question": text})
    answers.show(screen, query)
    citations = query["citations"]
    checks = [_verify(server, query["id"], citation["number"], screen) for citation in citations]
    answers_it = query["band"] == "answer" and bool(citations)
    return {
        "question": text,
        "band": query["band"],
        "citations": citations,
        "verified": checks,
        "as_expected": answers_it is answerable and all(checks),
    }


def _verify(server: "Client", query_id: str, number: int, screen: Screen) -> bool:
    """Have the server read the citation's source again."""
    seen = server.get(f"/api/v1/queries/{query_id}/citations/{number}/verify")
    outcome = "stands in the stored source" if seen["matches"] else "is NOT in the stored source"
    screen.say(f"checked [{number}]: the quote {outcome}, sha256 {seen['sha256'][:12]}…", "dim")
    return bool(seen["matches"])


def _delete(server: "Client", space: str, screen: Screen) -> None:
    server.call("DELETE", f"/api/v1/spaces/{space}")
    receipt = completed(server, space)
    removed = ", ".join(f"{count} {what}" for what, count in receipt["removed"].items())
    screen.say()
    screen.say(f"Space deleted: {removed} removed, {sum(receipt['remaining'].values())} left.")
