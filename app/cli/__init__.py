"""The command line: `eva …`.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 130 interrupted. Commands that
talk to a server use plain HTTP, like any other client.
"""

import json
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli import (
    asking,
    audit,
    azure,
    backups,
    demo,
    developing,
    doctor,
    documents,
    first_process,
    keys,
    service,
    spaces,
)
from app.cli.refusal import RefusedError
from app.core.errors import SetupError
from app.settings import SettingsError

USAGE = 2

app = typer.Typer(
    name="eva",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(service.serve)
app.command()(service.worker)
app.command()(demo.demo)
app.command()(asking.ask)
app.add_typer(spaces.app, name="spaces")
app.add_typer(documents.app, name="documents")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(azure.app, name="azure")
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(doctor.doctor)
app.command()(developing.openapi)
app.command()(developing.dev_issuer)


def _version(*, wanted: bool) -> None:
    if wanted:
        print(version("eva-api"))
        raise typer.Exit


@app.callback()
def _eva(
    *,
    _: Annotated[
        bool,
        typer.Option("--version", callback=lambda wanted: _version(wanted=wanted), is_eager=True),
    ] = False,
) -> None:
    """Ask your own documents: every sentence of an answer cites a checked span of a source.

    Commands that talk to a server find it by EVA_URL (http://127.0.0.1:8000 by default) and use
    the API key in EVA_API_KEY.
    """


def main() -> None:
    """Run the command line."""
    if os.getpid() == 1:
        first_process.attend(_main)
    else:
        _main()


def _main() -> None:
    try:
        app(prog_name="eva")
    except RefusedError as refused:
        _complain(refused.as_json(), str(refused))
        sys.exit(1)
    except SetupError as error:
        _complain({"title": "Not started", "detail": str(error)}, str(error))
        sys.exit(1)
    except SettingsError as error:
        _complain({"title": "Settings refused", "errors": error.problems}, f"Settings:\n{error}")
        sys.exit(USAGE)


def _complain(as_json: dict[str, object], text: str) -> None:
    asked_json = "--json" in sys.argv
    print(json.dumps(as_json, ensure_ascii=False) if asked_json else text, file=sys.stderr)
