"""Staging as it is deployed: its secrets, its drift, and whether an alert leaves it.

`python -m pipelines.drills.staging --group … --app … --action-group …`, `--worker …` besides for
Container Apps; exit code 1 if a step failed. It reads settings and sends one test notification,
through `az`; nothing is changed.
Commands and answers as Microsoft documents them, not exercised against a subscription here.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.deploy.azure import az
from pipelines.deploy.model import DeploymentFailedError
from pipelines.drills.carrying_out import Drill
from pipelines.drills.service import DrillError

SLOTS: tuple[tuple[str, ...], ...] = ((), ("--slot", "staging"))
_SECRET_NAME = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|CREDENTIALS?)$")
_REFERENCE = re.compile(r"vault:[a-z0-9-]+|@Microsoft\.KeyVault\(.+\)")
# What opens something, whatever the setting is called.
_OPENS = re.compile(
    r"AccountKey=|SharedAccess(Key|Signature)=|[?&]sig=|Password=|PRIVATE KEY-----|://[^/:]+:[^/@]+@",
    re.IGNORECASE,
)
_SENT = frozenset({"completed", "complete", "succeeded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """The stack, what serves, and the group of people that its alerts go to.

    With a `worker` both are Container Apps.
    """

    stack: str
    group: str
    app: str
    action_group: str
    worker: str = ""


def asked(*arguments: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what `az` answered; DrillError with what it said otherwise."""
    try:
        return json.loads(asyncio.run(az(*arguments)))
    except (DeploymentFailedError, ValueError) as error:
        raise DrillError(str(error)) from None


def settings(of: Staging) -> Mapping[str, str]:
    """Return the settings of the build in use and of the one that waits, or of who works."""
    found = _of_container_apps(of) if of.worker else _of_app_service(of)
    return {f"{row['name']} ({number})": str(row["value"]) for number, row in enumerate(found)}


def _of_app_service(of: Staging) -> Iterator[Mapping[str, str]]:
    place = ("--resource-group", of.group, "--name", of.app)
    for slot in SLOTS:
        yield from asked("webapp", "config", "appsettings", "list", *place, *slot)


def _of_container_apps(of: Staging) -> Iterator[Mapping[str, str]]:
    for app in (of.app, of.worker):
        told = asked("containerapp", "show", "--resource-group", of.group, "--name", app)
        yield from told["properties"]["template"]["containers"][0]["env"]


def secrets_are_references(of: Staging) -> str:
    """See that every setting named as a secret leads to the vault, and that there is one."""
    named = {n: v for n, v in settings(of).items() if _SECRET_NAME.search(n.partition(" ")[0])}
    wrong = sorted(name for name, value in named.items() if not _REFERENCE.fullmatch(value))
    if wrong or not named:
        raise DrillError(f"no reference: {', '.join(wrong)}" if wrong else "no setting is a secret")
    return f"{len(named)} references"


def no_secret(of: Staging) -> str:
    """See that no setting, whatever it is called, holds what opens something."""
    found = settings(of)
    wrong = sorted(name for name, value in found.items() if _OPENS.search(value))
    if wrong:
        raise DrillError(f"opens something: {', '.join(wrong)}")
    return f"{len(found)} settings"


def no_drift(of: Staging) -> str:
    """See that what is there is what was deployed."""
    done = subprocess.run(
        ["make", "infra-drift", f"STACK={of.stack}"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DrillError((done.stdout + done.stderr).strip()[-500:] or f"code {done.returncode}")
    return "none"


def alert_arrives(of: Staging) -> str:
    """See that Azure delivers a test notification to everybody whom alerts go to."""
    place = ("--resource-group", of.group)
    people = asked("monitor", "action-group", "show", *place, "--name", of.action_group)
    actions = tuple(_actions(people))
    if not actions:
        raise DrillError(f"{of.action_group} tells nobody")
    test = ("monitor", "action-group", "test-notifications", "create", *place)
    told = asked(*test, "--action-group", of.action_group, "--alert-type", "logalertv2", *actions)
    details = [{k.casefold(): v for k, v in one.items()} for one in told.get("actionDetails", ())]
    failed = [one["name"] for one in details if str(one.get("status")).casefold() not in _SENT]
    if failed or not details:
        raise DrillError(f"not delivered: {', '.join(failed) or 'nothing was told'}")
    return f"{len(details)} delivered"


def _actions(people: Mapping[str, Any]) -> Iterator[str]:
    for one in people.get("emailReceivers") or ():
        yield from ("--add-action", "email", one["name"], one["emailAddress"])
        yield "usecommonalertschema"


def look(of: Staging) -> Drill:
    """Carry out every step."""
    drill = Drill()
    for name, carry_out in (
        ("every secret is a Key Vault reference", secrets_are_references),
        ("no secret in settings", no_secret),
        ("no drift", no_drift),
        ("an alert reached the on-call channel", alert_arrives),
    ):
        drill.step(name, partial(carry_out, of))
    return drill


def main() -> int:
    """Look, and write the report; 0 if all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.drills.staging", description=__doc__)
    for name in ("--group", "--app", "--action-group"):
        parser.add_argument(name, required=True)
    parser.add_argument("--worker", default="", help="what works: both are Container Apps")
    parser.add_argument("--stack", default="staging")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    stack = Staging(
        stack=given.stack,
        group=given.group,
        app=given.app,
        action_group=given.action_group,
        worker=given.worker,
    )
    drill = look(stack)
    if given.report:
        told = {"drill": "staging-preflight", "steps": drill.steps, "measured": drill.measured}
        given.report.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return 0 if drill.ok() else 1


if __name__ == "__main__":
    sys.exit(main())
