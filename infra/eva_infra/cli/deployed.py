"""Commands on stacks that are deployed: they need Azure, and the Pulumi command line."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from eva_infra import reports
from eva_infra.cli.ending import DESTROYS, FAILED, FOUND, WELL, Command, tell
from eva_infra.driving.plan import Change, Plan, comment
from eva_infra.driving.stacks import DeployedStack
from eva_infra.preflight.checks import CHECKS, Deployment, own_values, secrets
from eva_infra.preflight.run import Outcome, run
from eva_infra.settings import settings_of

# What must be there before anything that needs secrets is deployed.
BOOTSTRAP = ("eva:network:Network", "eva:secrets:Vault", "eva:service:Registry")


def preflight(given: argparse.Namespace) -> int:
    """Check what must be there before a deployment."""
    outcomes = run(_deployment(given))
    tell(given, [asdict(one) for one in outcomes], _outcomes(outcomes))
    return WELL if all(one.passed for one in outcomes) else FOUND


def preview(given: argparse.Namespace) -> int:
    """Show what a deployment would change; write it as a comment for a pull request too."""
    stack = _stack(given)
    plan = stack.preview()
    if given.comment:
        given.comment.write_text(comment([plan]))
    tell(given, plan.as_data(), _plan(plan))
    return _judged(plan)


def up(given: argparse.Namespace) -> int:
    """Deploy exactly what a preview showed, if preflight and policies pass and no data is lost."""
    left_out = {own_values, secrets} if given.bootstrap else set[object]()
    outcomes = run(_deployment(given), [one for one in CHECKS if one not in left_out])
    if not all(one.passed for one in outcomes):
        print(*_outcomes(outcomes), sep="\n", file=sys.stderr)
        return FOUND
    stack = _stack(given)
    target = _bootstrap_targets(given.stack) if given.bootstrap else None
    stack.refresh()  # else an update would put back the image of before the last swap
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "plan.json"
        plan = stack.preview(kept, target)
        if ending := _judged(plan, frozenset(given.allow_destroy or ())):
            print(*_plan(plan), sep="\n", file=sys.stderr)
            return ending
        done = stack.up(kept, target)
    tell(given, done.as_data(), _plan(done))
    return WELL


def refresh(given: argparse.Namespace) -> int:
    """Take over what is really there into the stack's state."""
    found = DeployedStack(given.stack).refresh()
    tell(given, found.as_data(), _plan(found))
    return WELL


def drift(given: argparse.Namespace) -> int:
    """Compare what is really there with what was deployed; found drift ends with 1."""
    found = DeployedStack(given.stack).drift()
    if given.comment:
        given.comment.write_text(comment([found]))
    tell(given, found.as_data(), _plan(found))
    return FOUND if found.changed else WELL


def outputs(given: argparse.Namespace) -> int:
    """Tell a stack's outputs; one by itself with --name."""
    told = DeployedStack(given.stack).outputs()
    if given.name:
        if given.name not in told:
            print(f"{given.stack} has no output {given.name}", file=sys.stderr)
            return FAILED
        print(told[given.name])
        return WELL
    tell(given, told, (f"{name}={json.dumps(value)}" for name, value in told.items()))
    return WELL


def _deployment(given: argparse.Namespace) -> Deployment:
    image = {"image": given.image} if given.image else {}
    return Deployment(settings_of(given.stack, **image))


def _stack(given: argparse.Namespace) -> DeployedStack:
    settings_of(given.stack, **({"image": given.image} if given.image else {}))  # refused first
    stack = DeployedStack(given.stack)
    if given.image:
        stack.use_image(given.image)
    return stack


def _bootstrap_targets(stack: str) -> list[str]:
    recorded = reports.graph(stack)
    tops = {one.urn for one in recorded.resources if one.type in BOOTSTRAP}
    parents = {one.urn: one.parent for one in recorded.resources}

    def inside(urn: str) -> bool:
        return urn in tops or (urn in parents and inside(parents[urn]))

    group = [one.urn for one in recorded.of("resources:ResourceGroup")]
    return group + [one.urn for one in recorded.resources if inside(one.urn)]


def _judged(plan: Plan, allowed: frozenset[str] = frozenset()) -> int:
    """Return how a plan is to end: policies first, then what it would destroy."""
    if plan.policies:
        return FOUND
    return DESTROYS if any(one.name not in allowed for one in plan.endangered) else WELL


def _outcomes(outcomes: Iterable[Outcome]) -> Iterator[str]:
    for one in outcomes:
        yield f"{'ok    ' if one.passed else 'FAILED'} {one.check}: {one.statement}"
        yield from (f"         {problem}" for problem in one.problems)


def _plan(plan: Plan) -> Iterator[str]:
    yield from (f"policy: {said}" for said in plan.policies)
    yield from (_change(one) for one in plan.changes)
    yield from (f"WOULD DESTROY {one.type} {one.name}" for one in plan.endangered)
    counts = ", ".join(f"{count} {op}" for op, count in sorted(plan.counts.items()))
    yield f"{plan.stack}: {counts or 'nothing'}"


def _change(one: Change) -> str:
    because = f" ({', '.join(one.because)})" if one.because else ""
    return f"{one.op:<8} {one.type} {one.name}{because}"


IMAGE = {"--image": {"help": "the image to run: repository@sha256:…"}}
COMMENT = {"--comment": {"type": Path, "help": "write Markdown for a pull request here"}}
COMMANDS = (
    Command(
        name="preflight",
        help="check secrets, quotas, regions and the like before a deployment",
        run=preflight,
        options=IMAGE,
    ),
    Command(
        name="preview",
        help="show what a deployment would change",
        run=preview,
        options={**IMAGE, **COMMENT},
    ),
    Command(
        name="up",
        help="deploy, after preflight and preview; refuses to destroy data",
        run=up,
        options={
            **IMAGE,
            "--bootstrap": {
                "action": "store_true",
                "help": "only network, vault and registry: the first time, without secrets",
            },
            "--allow-destroy": {
                "action": "append",
                "metavar": "NAME",
                "help": "let this resource be destroyed or replaced",
            },
        },
    ),
    Command(name="refresh", help="take over what is really there into the state", run=refresh),
    Command(
        name="drift",
        help="tell how what is there differs from what was deployed",
        run=drift,
        options=COMMENT,
    ),
    Command(
        name="outputs",
        help="tell a stack's outputs",
        run=outputs,
        options={"--name": {"help": "only the value of this one"}},
    ),
)
