"""`eva audit`: the audit trail of a data folder, for whoever may read its files."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json
from app.cli.screen import Screen
from app.core.audit import Report
from app.settings import Settings

app = typer.Typer(help="Check the audit trail.", no_args_is_help=True)

_SHOWN = 50


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
    """Check every event, chain and checkpoint. Exit code 0: whole; 1: it was tampered with.

    Events behind the last checkpoint are chained but not sealed yet: they are counted apart.
    """
    report = asyncio.run(_report(Settings.load(), copies, public_key))
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data({"whole": not report.problems, **asdict(report)})
    else:
        _show(screen, report)
    if report.problems:
        raise typer.Exit(1)


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
        f"{report.events} events in {report.writers} chains, {report.erased} with personal data "
        f"erased; {report.checkpoints} checkpoints, {report.copies} copies of them."
    )
    since = f", the oldest of {report.oldest_unsealed}" if report.oldest_unsealed else ""
    screen.say(f"{report.unsealed_tail} events are not sealed yet{since}.")
