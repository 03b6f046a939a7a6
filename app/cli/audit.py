"""`eva audit`: check the trail of a data folder, or export a tenant's from a server."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.cli.options import Json
from app.cli.screen import Screen
from app.core.audit import Report
from app.core.errors import EvaError, SetupError
from app.settings import ClientSettings, Settings

app = typer.Typer(help="Check or export the audit trail.", no_args_is_help=True)

_SHOWN = 50
UNCHECKED = 2


@app.command()
def verify(
    copies: Annotated[
        Path | None,
        typer.Option(
            "--copies",
            exists=True,
            dir_okay=False,
            help="Checkpoints kept elsewhere (checkpoints.jsonl); default: those beside the data.",
        ),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key",
            exists=True,
            dir_okay=False,
            help="The key to check signatures by (PEM); default: the one beside the data.",
        ),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Check every event, chain and checkpoint.

    Exit code 0: whole; 1: it was tampered with; 2: it could not be checked.
    Events behind the last checkpoint are chained but not sealed yet: they are counted apart.
    """
    report = _checked(Settings.load(), copies, public_key)
    screen = Screen(as_json=as_json)
    if as_json:
        age_s = _age_s(report)
        screen.data(
            {"whole": not report.problems, **asdict(report), "oldest_unsealed_age_s": age_s}
        )
    else:
        _show(screen, report)
    if report.problems:
        raise typer.Exit(1)


@app.command()
def export(
    form: Annotated[
        str, typer.Option("--format", help="`ocsf`, or `json`: as it is kept.")
    ] = "ocsf",
    since: Annotated[str | None, typer.Option(help="From this time on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time (RFC 3339).")] = None,
    actor: Annotated[str | None, typer.Option(help="Of this principal only.")] = None,
) -> None:
    """Print the tenant's events, one JSON object a line, oldest first; needs `audit:read`."""
    from app.cli.client import Client

    asked = {"since": since, "until": until, "actor": actor}
    wanted = {name: value for name, value in asked.items() if value is not None}
    with Client(ClientSettings.load()) as client:
        if form == "ocsf":
            found = client.lines("/api/v1/audit/export", **wanted)
        elif form == "json":
            found = map(json.dumps, client.pages("/api/v1/audit/events", **wanted))
        else:
            raise typer.BadParameter("is ocsf or json", param_hint="--format")
        for line in found:
            print(line)


def _checked(settings: Settings, copies: Path | None, public_key: Path | None) -> Report:
    """Return the report; ends the program if there can be none."""
    in_folder = settings.backend == "embedded"
    if in_folder and not (settings.data_dir / "eva.db").is_file():  # and none is to be made now
        _give_up(f"{settings.data_dir} holds no data")
    try:
        return asyncio.run(_report(settings, copies, public_key))
    except (SetupError, EvaError, OSError, ValueError, TypeError) as error:
        _give_up(str(error))


def _give_up(why: str) -> NoReturn:
    print(f"The audit trail could not be checked: {why}", file=sys.stderr)
    raise typer.Exit(UNCHECKED)


def _age_s(report: Report) -> int | None:
    if report.oldest_unsealed is None:
        return None
    try:
        begun = datetime.fromisoformat(report.oldest_unsealed)
    except ValueError:  # tampered with
        return None
    return int((datetime.now(UTC) - begun).total_seconds())


async def _report(settings: Settings, copies: Path | None, public_key: Path | None) -> Report:
    from app.wiring import verify_audit

    return await verify_audit(settings, copies=copies, public_key=public_key)


def _show(screen: Screen, report: Report) -> None:
    verdict = "The audit trail was tampered with." if report.problems else "The trail is whole."
    screen.say(verdict, "bold red" if report.problems else "green")
    for problem in report.problems[:_SHOWN]:
        screen.say(f"  {problem}")
    if len(report.problems) > _SHOWN:
        screen.say(f"  … and {len(report.problems) - _SHOWN} more")
    screen.say(
        f"{report.events} events in {report.writers} chains, {report.gaps} known to be missing, "
        f"{report.erased} with personal data erased; "
        f"{report.checkpoints} checkpoints, {report.copies} copies of them."
    )
    since = f", the oldest of {report.oldest_unsealed}" if report.oldest_unsealed else ""
    screen.say(f"{report.unsealed_tail} events are not sealed yet{since}.")
