"""Release builds by stages, or rehearse that.

Exit codes: 0 released, staged, or rehearsed as it should be; 1 refused or swapped back; 2 stranded
between the slots, or wrongly called.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipelines.deploy.azure import AppService, RequestLog
from pipelines.deploy.container_apps import ContainerApps
from pipelines.deploy.model import Build, DeploymentFailedError, Host, Outcome, Report
from pipelines.deploy.rehearsal.drill import rehearse
from pipelines.deploy.release import Release
from pipelines.deploy.watching import Watch


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("stage", "put a build into the staging slot and see that it works there"),
        ("there-and-back", "put a build into the staging slot, swap it in, and out again"),
        ("promote", "swap the staged build in, watch it, swap back when it breaks"),
        ("swap-back", "exchange the two builds again, whatever they are"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("--group", required=True, help="resource group")
        command.add_argument("--app", required=True, help="name of what serves")
        command.add_argument("--worker", default="", help="what works: both are Container Apps")
        command.add_argument("--production-url", required=True)
        command.add_argument("--staging-url", required=True)
        if name != "swap-back":
            command.add_argument("--image", required=True, help="registry/name@sha256:…")
            command.add_argument("--build", required=True, help="the image's EVA_BUILD")
            command.add_argument("--smoke-seconds", type=float, default=600)
        if name in {"stage", "there-and-back"}:
            command.add_argument("--registry", default="", help="imports the image, then is used")
        if name == "promote":
            command.add_argument("--workspace", required=True, help="Log Analytics workspace id")
            command.add_argument("--watch-minutes", type=float, default=30)
            command.add_argument("--error-rate", type=float, default=0.001)
            command.add_argument("--p95-ms", type=float, default=2000)
        command.add_argument("--report", type=Path, help="write what happened as JSON")
    drill = commands.add_parser("rehearse", help="good and bad builds, on this machine")
    drill.add_argument("--report", type=Path, help="write the drill's report as JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    given = _parser().parse_args(arguments)
    if given.command == "rehearse":
        return _rehearsed(given.report)
    try:
        return asyncio.run(_released(given))
    except DeploymentFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _rehearsed(report: Path | None) -> int:
    try:
        drill = asyncio.run(rehearse())
    except DeploymentFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    _write(report, drill.report())
    for step in drill.steps:
        print(f"{'ok' if step['ok'] else '!!'} {step['name']}: {step['said']}".rstrip(": "))
    return 0 if drill.ok() else 1


async def _released(given: argparse.Namespace) -> int:
    host = _host(given)
    if given.command == "swap-back":
        await host.swap()
        return 0
    build = Build(given.image, given.build)
    release = Release(
        host=host,
        gauge=RequestLog(workspace=getattr(given, "workspace", "")),
        watch=_watch(given),
        smoke_s=given.smoke_seconds,
    )
    if given.command == "promote":
        return _told(await release.promote(build), given.report)
    if given.command == "stage":
        return _told(await release.stage(build), given.report)
    report = await release.there_and_back(build)
    _write(given.report, report.drill("staging-deploy"))
    return _told(report, None)


def _host(given: argparse.Namespace) -> Host:
    place = {
        "group": given.group,
        "app": given.app,
        "production_url": given.production_url,
        "staging_url": given.staging_url,
        "registry": getattr(given, "registry", ""),
    }
    return ContainerApps(**place, worker=given.worker) if given.worker else AppService(**place)


def _watch(given: argparse.Namespace) -> Watch:
    return Watch(
        duration_s=getattr(given, "watch_minutes", 0) * 60,
        window_s=300,
        every_s=30,
        least_requests=50,
        error_rate=getattr(given, "error_rate", 0.0),
        p95_ms=getattr(given, "p95_ms", 0.0),
    )


def _told(report: Report, where: Path | None) -> int:
    _write(where, asdict(report))
    print(f"{report.build.name}: {report.outcome}", f"({report.reason})" if report.reason else "")
    if report.outcome is Outcome.STRANDED:
        print("The way back failed: act by hand, runbooks/procedures/rollback.md", file=sys.stderr)
        return 2
    return 0 if report.outcome is Outcome.RELEASED else 1


def _write(where: Path | None, what: object) -> None:
    if where is not None:
        where.write_text(json.dumps(what, indent=2), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
