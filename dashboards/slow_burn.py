"""Asks what Azure's alerts can't, because they look back two days at most.

`python -m dashboards.slow_burn --workspace ID` runs every rule that is `by-schedule` through the
Azure CLI. Exit codes: 0 nothing burns, 1 something does (it is named, with its runbook), 2 it could
not be asked. Run it every six hours from a pipeline that may read the workspace.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ALERTS = Path(__file__).parent / "alerts.yaml"


def scheduled() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the rules that are ours to ask, with their alerts."""
    for alert in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["alerts"]:
        for rule in alert["rules"]:
            if rule["evaluated"] == "by-schedule":
                yield alert, rule


def asked(workspace: str, rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that a rule yields; raises CalledProcessError, or OSError without `az`."""
    done = subprocess.run(  # noqa: S603 - our own queries, and no shell
        [
            *("az", "monitor", "log-analytics", "query", "--output", "json"),
            *("--workspace", workspace, "--timespan", f"P{rule['over'].upper()}"),
            *("--analytics-query", rule["query"]),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Ask every rule and tell what burns."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.slow_burn", description=__doc__)
    parser.add_argument("--workspace", required=True, help="id of the Log Analytics workspace")
    workspace = parser.parse_args(arguments).workspace
    burning = False
    for alert, rule in scheduled():
        try:
            rows = asked(workspace, rule)
        except (OSError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
            print(f"{rule['name']} could not be asked: {error}", file=sys.stderr)
            return 2
        if rows:
            burning = True
            print(f"{rule['severity']}: {rule['name']}: {alert['summary']} See {alert['runbook']}.")
    if not burning:
        print("Nothing burns.")
    return int(burning)


if __name__ == "__main__":
    sys.exit(main())
