"""`eva azure`: what the Azure backend needs before its first start."""

import asyncio
from typing import Annotated

import typer

from app.cli.first_start import administrator_token
from app.cli.options import Json
from app.cli.refusal import RefusedError
from app.cli.screen import Screen
from app.core.errors import UnavailableError
from app.settings import Settings

app = typer.Typer(help="Prepare Azure.", no_args_is_help=True)


@app.callback()
def _azure() -> None:
    """Prepare Azure."""


@app.command()
def init(
    *,
    declared: Annotated[
        bool,
        typer.Option("--print", help="Print what Cosmos DB has to hold, and change nothing."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make database, containers and queues where they are missing; again changes nothing.

    The first time it issues one administrator key and prints it once. Exit code 1 if something
    is there that is not as it should be, and can't be changed.
    """
    from app.wiring import declared_containers

    settings = Settings.load()
    if declared:
        Screen(as_json=True).data(declared_containers(settings))
        return
    screen = Screen(as_json=as_json)
    try:
        done, differing, token = asyncio.run(_init(settings))
    except UnavailableError as error:
        down = error.facts.get("dependency", "a service")
        raise RefusedError(
            "Not prepared", f"{down} can't be reached or used", error.code
        ) from error
    if as_json:
        screen.data({"done": done, "differing": differing, "administrator_key": token})
    else:
        _show(screen, done, differing)
        if token is not None:
            screen.say("The administrator key. It is shown only now; keep it:")
            screen.say(f"  {token}", "bold")
    if differing:
        raise typer.Exit(1)


async def _init(settings: Settings) -> tuple[list[str], list[str], str | None]:
    from app.wiring import prepare

    done, differing = await prepare(settings)
    return done, differing, await administrator_token(settings)


def _show(screen: Screen, done: list[str], differing: list[str]) -> None:
    for one in done or ["nothing was missing"]:
        screen.say(one)
    for one in differing:
        screen.say(f"differs: {one}", "yellow")
