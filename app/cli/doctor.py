"""`eva doctor`: what is wrong and what to do about it, then everything that is in effect."""

from dataclasses import asdict
from typing import TypeVar

import typer

from app.cli import checks
from app.cli.checks import Finding
from app.cli.options import Json
from app.cli.screen import Screen
from app.settings import DEFAULT, ClientSettings, Settings, SettingsError

S = TypeVar("S", Settings, ClientSettings)


def doctor(*, as_json: Json = False) -> None:
    """Check settings, data folder and server; problems come first. Exit code 1 if there are any."""
    findings: list[Finding] = []
    settings = _load(Settings, findings)
    own = _load(ClientSettings, findings)
    if settings:
        findings += checks.service(settings)
    if own:
        findings += checks.server(own)
    effective = [one for read in (settings, own) if read for one in read.effective()]
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data(
            {
                "problems": [asdict(f) for f in findings if f.bad],
                "findings": [asdict(f) for f in findings if not f.bad],
                "settings": [asdict(one) for one in effective],
            }
        )
    else:
        _print(screen, findings)
        shown = [one for one in effective if one.acts or one.source != DEFAULT]
        rows = [(one.name, one.value, one.source) for one in shown]
        screen.table(("setting", "value", "source"), rows)
    if any(finding.bad for finding in findings):
        raise typer.Exit(1)


def _load(kind: type[S], findings: list[Finding]) -> S | None:
    try:
        return kind.load()
    except SettingsError as error:
        findings += [Finding("settings", problem, "correct it") for problem in error.problems]
        return None


def _print(screen: Screen, findings: list[Finding]) -> None:
    bad = [finding for finding in findings if finding.bad]
    screen.say(f"{len(bad)} to mend" if bad else "Nothing to mend.", "bold red" if bad else "green")
    for finding in bad:
        screen.say(f"  {finding.name}: {finding.found}")
        screen.say(f"    → {finding.remedy}", "yellow")
    screen.say()
    for finding in findings:
        if not finding.bad:
            screen.say(f"{finding.name:<12} {finding.found}")
    screen.say()
