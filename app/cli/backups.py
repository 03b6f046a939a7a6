"""`eva backup` and `eva restore`: the data folder, copied while the service runs, and put back."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json
from app.cli.screen import Screen
from app.settings import Settings

_MB = 1_000_000


def backup(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one to be made.")],
    after: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="An earlier backup on the same disk: files that it has are linked, not copied.",
        ),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Copy the data folder (EVA_DATA_DIR) into a folder of its own; the service may go on.

    The copy is checked: the database, and every file against the hash it had when it came. Whoever
    holds it holds everything, the key that signs the audit trail included: keep it as safe.
    """
    from app.wiring import back_up

    made = asyncio.run(back_up(Settings.load(), folder, after))
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data({**asdict(made), "as_of": made.as_of.isoformat()})
        return
    screen.say(f"Backed up to {folder}: all that was acknowledged before {made.as_of:%F %T} UTC.")
    screen.say(f"{made.documents} documents, {made.files} files, {made.size_bytes / _MB:.1f} MB")


def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup.")],
    *,
    as_json: Json = False,
) -> None:
    """Put a backup into the data folder (EVA_DATA_DIR), which must be empty or not there.

    Every file is checked. A backup holds no index: when the service starts, its worker reads every
    document again; until then questions find only what was read.
    """
    from app.wiring import restore as put_back

    settings = Settings.load()
    made, again = asyncio.run(put_back(settings, folder))
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data({**asdict(made), "as_of": made.as_of.isoformat(), "to_read_again": again})
        return
    screen.say(f"Restored to {settings.data_dir}, as of {made.as_of:%F %T} UTC.")
    screen.say(f"{again} documents will be read again once the service runs.")
    screen.say("Check the audit trail now: eva audit verify")
