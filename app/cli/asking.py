"""`eva ask`."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import answers
from app.cli.connecting import connect, sole_space, space_id
from app.cli.options import Json
from app.cli.refusal import RefusedError
from app.cli.screen import Screen

if TYPE_CHECKING:
    from app.cli.client import Client

_PATH = "/api/v1/queries"
_WAIT = {"Prefer": "wait=30"}
_POLL_S = 0.3
_NOT_READY = 425


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In English or French.")],
    spaces: Annotated[
        list[str] | None,
        typer.Option("--space", help="A space's id or name; repeated; needed if several exist."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="en or fr; by default the question's.")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, max=50, help="The most passages to answer from.")
    ] = None,
    *,
    stream: Annotated[
        bool, typer.Option("--stream", help="Show each sentence as soon as it is checked.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask a question; every sentence of the answer cites its source."""
    screen = Screen(as_json=as_json)
    with connect() as server:
        chosen = [space_id(server, space) for space in spaces or ()] or [sole_space(server)]
        asked: dict[str, Any] = {"space_ids": chosen, "question": question}
        asked |= {"language": language} if language else {}
        asked |= {"top_k": top_k} if top_k else {}
        if stream:
            _stream(server, asked, screen)
        else:
            _show(answered(server, asked), screen)


def answered(server: "Client", asked: dict[str, Any]) -> dict[str, Any]:
    """Ask and return the completed query."""
    answer = server.send("POST", _PATH, json=asked, headers=_WAIT)
    query: dict[str, Any] = answer.json()
    while query["status"] in ("pending", "processing"):
        time.sleep(_POLL_S)
        try:
            query = server.get(f"{_PATH}/{query['id']}/result")
        except RefusedError as refused:
            if refused.status != _NOT_READY:
                raise
    return query


def _show(query: dict[str, Any], screen: Screen) -> None:
    if screen.as_json:
        screen.data(query)
    else:
        answers.show(screen, query)


def _stream(server: "Client", asked: dict[str, Any], screen: Screen) -> None:
    """Show sentences as their events come, then the sources; `--json`: an event a line."""
    told = 0
    for name, data in server.events(_PATH, asked):
        if screen.as_json:
            screen.line({"event": name, **data})
        elif name == "sentence":
            told += 1
            answers.say(screen, data)
        elif name == "done":
            query = server.get(f"{_PATH}/{data['query_id']}/result")
            answers.show(screen, query, told=told)
        if name == "error":
            raise RefusedError("No answer", str(data["reason"]), str(data["code"]))
