"""`python -m pipelines.readiness.evidence`: record one tool's run, or make all that is stale."""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.readiness.evidence.making import Crew, make_all
from pipelines.readiness.evidence.planning import Wish, plan
from pipelines.readiness.evidence.recording import Workshop
from pipelines.readiness.evidence.recording import make as make_one
from pipelines.readiness.judge import Moment
from pipelines.readiness.located import ConfigurationError
from pipelines.readiness.model import Environment, Stage
from pipelines.readiness.policy import Policy, load_policy
from pipelines.readiness.records import load_evidence
from pipelines.readiness.subject import read_subject

INTERRUPTED = 130
cli = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
EnvironmentOption = Annotated[Environment, typer.Option(envvar="GATE_ENVIRONMENT")]


def _workshop(policy: Policy, environment: Environment) -> Workshop:
    root = Path.cwd()
    return Workshop(
        root=root,
        evidence=root / "evidence",
        environment=environment,
        target=os.environ.get("GATE_TARGET", ""),
        objectives=policy.objectives,
        subject=lambda: read_subject(root, policy),
    )


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(
    context: typer.Context,
    name: Annotated[str, typer.Option("--id", help="a kind of evidence of evidence.toml")],
    environment: EnvironmentOption = Environment.LOCAL,
) -> None:
    """Run a tool and record it. What follows `--` replaces the command of evidence.toml."""
    policy = load_policy(Path.cwd())
    if name not in policy.sources:
        raise typer.BadParameter(f"no kind of evidence is called {name!r}")
    made = make_one(policy.sources[name], _workshop(policy, environment), tuple(context.args))
    proof = made.coverage
    said = made.not_run or f"{proof.seen} of {proof.expected} looked at, {proof.errors} errors"
    Console(stderr=True).print(f"evidence {name}: {said}", highlight=False)
    sys.exit(1 if made.not_run else made.exit_code)


@cli.command()
def make(
    stage: Annotated[Stage, typer.Option(envvar="STAGE")] = Stage.BETA,
    environment: EnvironmentOption = Environment.LOCAL,
    only: Annotated[str, typer.Option(envvar="ONLY", help="kinds, by commas: made anyway")] = "",
    jobs: Annotated[int, typer.Option(min=1)] = 2,
    *,
    strict: Annotated[
        bool, typer.Option(envvar="STRICT", help="end with 1 if a tool failed")
    ] = False,
) -> None:
    """Make all evidence that a stage demands and that is not fresh for this commit."""
    policy = load_policy(Path.cwd())
    names = frozenset(name.strip() for name in only.split(",") if name.strip())
    if names - set(policy.sources):
        unknown = ", ".join(sorted(names - set(policy.sources)))
        raise typer.BadParameter(f"no kind of evidence is called {unknown}")
    workshop = _workshop(policy, environment)
    moment = Moment(subject=workshop.subject(), stage=stage, now=datetime.now(UTC))
    found = load_evidence(workshop.evidence, policy.sources)
    steps = plan(policy, found, Wish(moment=moment, environment=environment, only=names))
    console = Console()
    if moment.subject.dirty:
        console.print("[yellow]The tree has uncommitted changes: this evidence will not count.[/]")
    before = [m.record for (_, where), m in found.items() if where is environment]
    last = {record.id: record.finished - record.started for record in before}
    try:
        made = make_all(steps, Crew(workshop=workshop, jobs=jobs, console=console, last=last))
    except KeyboardInterrupt:
        console.print(
            "[yellow]Interrupted. What was finished is kept: the same command goes on.[/]"
        )
        sys.exit(INTERRUPTED)
    if strict and any(record.not_run or record.exit_code for record in made):
        sys.exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run; a malformed policy or record ends with code 2, naming file and line."""
    # A shell that starts this in the background has it, and every tool, ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        cli(args=arguments)
    except ConfigurationError as error:
        said = f"[bold red]{escape(str(error))}[/]"
        Console(stderr=True, highlight=False).print(said, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
