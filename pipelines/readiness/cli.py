"""The gate's commands. Exit codes: 0 ready or intact, 1 not ready, 2 wrong input or not intact."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CalledProcessError
from typing import Annotated, Literal

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.console import Console
from rich.markup import escape

from pipelines.readiness import history
from pipelines.readiness.attest import dsse, keys
from pipelines.readiness.attest.verify import Expected, RefusedError, verify
from pipelines.readiness.breakglass import Emergency, break_glass
from pipelines.readiness.explain import explained
from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.model import Stage
from pipelines.readiness.pack import pack as packed
from pipelines.readiness.presented import own, presented, told_of
from pipelines.readiness.reports import terminal
from pipelines.readiness.reports.data import as_json
from pipelines.readiness.session import (
    ENVELOPE,
    PUBLIC_KEY,
    Session,
    hold,
    publish,
    readiness_folder,
)
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
    pack: Annotated[Path, typer.Argument(help="an auditor's pack, unpacked or not, or a clone")] = (
        Path()
    ),
    stage: StageOption = Stage.BETA,
    commit: Annotated[str, typer.Option(help="what to be about; else this clone's HEAD")] = "",
    key: Annotated[Path | None, typer.Option(help="the public key to trust, a PEM file")] = None,
    key_id: Annotated[str, typer.Option(help="the SHA-256 of the key to trust")] = "",
    now: Now = None,
    max_age_days: Annotated[int, typer.Option(min=1)] = 30,
) -> None:
    """Check a signed verdict: signature, commit, policy, evidence, age. Trusts no file unread.

    Without --key or --key-id only what this clone signed itself is trusted.
    """
    with presented(pack) as root:
        folder = readiness_folder(root, stage)
        if not (folder / ENVELOPE).is_file():
            raise typer.BadParameter(f"no verdict for {stage} in {pack}: name its --stage")
        signer = _signer(folder, key, key_id)
        wanted = Expected(
            commit=commit or _head(),
            stage=stage,
            root=root,
            now=now or datetime.now(UTC),
            max_age=timedelta(days=max_age_days),
        )
        envelope = json.loads((folder / ENVELOPE).read_bytes())
        passed = verify(envelope, {keys.DEVELOPMENT: signer}, wanted)
    said = "PASSED" if passed else "FAILED"
    print(f"intact; the verdict on {wanted.commit[:12]} for {stage} is {said}")
    print(f"Signed with the key {dsse.key_id(signer)}.")
    print("A development key proves that nothing was altered, not who signed.")
    sys.exit(0 if passed else NOT_READY)


def _signer(verdict: Path, key: Path | None, key_id: str) -> Ed25519PublicKey:
    if key is None and not key_id:
        return own(_root(), verdict)
    return told_of(key or verdict / PUBLIC_KEY, key_id)


def _head() -> str:
    try:
        return git(_root(), "rev-parse", "HEAD")
    except CalledProcessError:
        raise typer.BadParameter("this is no clone: say which --commit it is to be about") from None


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
    print(packed(session).relative_to(_root()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run; what is malformed ends with code 2, named by file and line."""
    try:
        cli(args=arguments)
    except (ConfigurationError, RefusedError, ValueError, OSError, CalledProcessError) as error:
        said = f"[bold red]eva-gate:[/] {escape(str(error))}"
        Console(stderr=True, highlight=False).print(said, soft_wrap=True)
        sys.exit(WRONG)
