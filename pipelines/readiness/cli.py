"""The gate's commands. Exit codes: 0 ready or intact, 1 not ready, 2 wrong input or not intact."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CalledProcessError
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.readiness import history
from pipelines.readiness.attest import keys
from pipelines.readiness.attest.verify import Expected, RefusedError, verify
from pipelines.readiness.breakglass import Emergency, break_glass
from pipelines.readiness.explain import explained
from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.model import Stage
from pipelines.readiness.pack import pack
from pipelines.readiness.reports import terminal
from pipelines.readiness.reports.data import as_json
from pipelines.readiness.session import ENVELOPE, Session, hold, publish, readiness_folder
from pipelines.readiness.subject import git

cli = typer.Typer(
    name="eva-gate", add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None
)
NOT_READY, WRONG = 1, 2


def _root() -> Path:
    return Path.cwd()


def _time(text: str) -> datetime:
    """Read a time; one without an offset is UTC."""
    made = datetime.fromisoformat(text)
    return made if made.tzinfo else made.replace(tzinfo=UTC)


StageOption = Annotated[Stage, typer.Option(envvar="STAGE", help="how far the commit is to go")]
Now = Annotated[
    datetime | None, typer.Option(parser=_time, help="judge as if it were this time (ISO 8601)")
]
LanguageOption = Annotated[Literal["en", "fr"], typer.Option("--lang", envvar="GATE_LANG")]


def _held(stage: Stage, now: datetime | None) -> Session:
    return hold(_root(), stage, now or datetime.now(UTC))


@cli.command()
def judge(
    stage: StageOption = Stage.BETA,
    now: Now = None,
    lang: LanguageOption = "en",
    *,
    as_data: Annotated[bool, typer.Option("--json", help="print the verdict as JSON")] = False,
) -> None:
    """Judge every criterion of a stage; write the reports, sign the verdict, print it.

    With --now nothing is written or signed: it tells what the verdict would be then.
    """
    session = _held(stage, now)
    folder = publish(session) if now is None else None
    if as_data:
        print(as_json(session.verdict, session.policy, session.evidence), end="")
        sys.exit(0 if session.verdict.ready else NOT_READY)
    console = Console(highlight=False)
    terminal.show(session.verdict, session.policy, console, lang)
    if folder is not None:
        console.print(f"[dim]{folder.relative_to(_root())}/report.html[/]")
    sys.exit(0 if session.verdict.ready else NOT_READY)


@cli.command()
def explain(
    criterion: str,
    stage: StageOption = Stage.PRODUCTION,
    now: Now = None,
    lang: LanguageOption = "en",
) -> None:
    """Say all about one criterion: demands, findings with fingerprints, what to do."""
    session = _held(stage, now)
    named = [r for r in session.verdict.results if r.criterion.id.lower() == criterion.lower()]
    if not named:
        raise typer.BadParameter(f"no criterion {criterion!r} is judged at {stage}")
    [result] = named
    console = Console(highlight=False)
    for line in explained(result, session.verdict, session.policy, lang):
        console.print(line)
    sys.exit(0 if result.outcome.met else NOT_READY)


@cli.command("verify")
def verify_verdict(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    stage: StageOption = Stage.BETA,
    root: Annotated[Path, typer.Option(help="a clone, or an unpacked auditor's pack")] = Path(),
    commit: Annotated[str, typer.Option(help="what the verdict must be about")] = "HEAD",
    key: Annotated[Path | None, typer.Option(help="public key; else this clone's own")] = None,
    now: Now = None,
    max_age_days: Annotated[int, typer.Option(min=1)] = 30,
) -> None:
    """Check a signed verdict: signature, commit, policy, evidence, age. Trusts no file unread."""
    path = readiness_folder(root, stage) / ENVELOPE
    if not path.is_file():
        raise typer.BadParameter(f"there is no verdict {path}: run make gate STAGE={stage}")
    pem = key.read_bytes() if key else keys.public_pem(keys.development_key(_root()).public_key())
    wanted = Expected(
        commit=git(root, "rev-parse", "HEAD") if commit == "HEAD" else commit,
        stage=stage,
        root=root,
        now=now or datetime.now(UTC),
        max_age=timedelta(days=max_age_days),
    )
    trusted = {keys.DEVELOPMENT: keys.read_public(pem)}
    passed = verify(json.loads(path.read_bytes()), trusted, wanted)
    said = "PASSED" if passed else "FAILED"
    print(f"intact; the verdict on {wanted.commit[:12]} for {stage} is {said}")
    print("A development key proves that nothing was altered, not who signed.")
    sys.exit(0 if passed else NOT_READY)


@cli.command()
def accept(release: str, stage: StageOption = Stage.PRODUCTION) -> None:
    """Write down that this commit was accepted as a release, to compare later ones with."""
    path = history.accept(_root(), _held(stage, None).verdict, release)
    print(f"{path.relative_to(_root())}: commit it")


@cli.command("break-glass")
def bypass(
    reason: Annotated[str, typer.Option()],
    owner: Annotated[str, typer.Option()],
    approver: Annotated[str, typer.Option()],
    ticket: Annotated[str, typer.Option()],
    stage: StageOption = Stage.PRODUCTION,
) -> None:
    """Sign a record that a release goes on in spite of the verdict. It never counts as a pass."""
    emergency = Emergency(reason=reason, owner=owner, approver=approver, ticket=ticket)
    session = _held(stage, None)
    publish(session)
    path = break_glass(session, emergency)
    print(f"{path.relative_to(_root())}: {len(session.verdict.unmet)} objections overridden")


@cli.command("auditor-pack")
def auditor_pack(stage: StageOption = Stage.BETA) -> None:
    """Judge, and put the verdict with all that it takes to check it into one archive."""
    session = _held(stage, None)
    publish(session)
    print(pack(session).relative_to(_root()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run; what is malformed ends with code 2, named by file and line."""
    try:
        cli(args=arguments)
    except (ConfigurationError, RefusedError, ValueError, OSError, CalledProcessError) as error:
        said = f"[bold red]eva-gate:[/] {escape(str(error))}"
        Console(stderr=True, highlight=False).print(said, soft_wrap=True)
        sys.exit(WRONG)
