"""Draws the dashboards from a run: a service under load here, its telemetry asked with their KQL.

What the service sends to Azure Monitor is kept by a local ingestion endpoint, put into the tables
that Azure Monitor would put it into, and asked with each panel's own query. A panel about what did
not happen in the run says so.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboards.generate import outputs
from tests.app.adapters.telemetry import sinks
from tests.dashboards.drawing import Rows, board
from tests.dashboards.queries import BOARDS, panels, plain
from tests.dashboards.workspace import ROOT, Workspace

PICTURES = ROOT / "docs" / "dashboards"
VERDICTS = {0: "kept", 3: "missed"}  # what a load test's exit code says of its run
_EVERY_S = 0.5  # sendings; metrics go with every sixth
_BIN_MS = 6000  # the dashboards, looked at this closely


def recorded(seconds: int) -> tuple[list[dict[str, Any]], str]:
    """Put a service under load; return what it sent, and what to say of the run."""
    with sinks.listening() as sink:
        signals = {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": sink.connection,
            "EVA_TELEMETRY_EVERY_S": str(_EVERY_S),
        }
        command = [sys.executable, "load-tests/run.py", "--profile", "average"]
        done = subprocess.run(
            [*command, "--seconds", str(seconds)],
            cwd=ROOT,
            env={**os.environ, **signals},
            check=False,
        )
        sent = sink.envelopes
    if done.returncode not in VERDICTS:
        sys.exit("the run says nothing: no pictures")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return sent, (
        f"Recorded from a local run at commit {commit} on {datetime.now(UTC):%Y-%m-%d}: "
        f"`average` load for {seconds} s, embedded backend, {os.cpu_count()} cores, "
        f"objectives {VERDICTS[done.returncode]}."
    )


def drawn(
    sent: Sequence[Mapping[str, Any]], label: str, now: datetime | None = None
) -> dict[str, str]:
    """Return a picture of each dashboard, by its name, as of now or then."""
    by_board: dict[str, list[dict[str, Any]]] = {}
    for path, panel in panels(outputs(ROOT)):
        by_board.setdefault(Path(path.removeprefix(BOARDS)).stem, []).append(panel)
    with closing(Workspace(now)) as workspace:
        workspace.receive(sent)
        return {
            name: board(shown, {one["title"]: _rows(workspace, one) for one in shown}, label)
            for name, shown in by_board.items()
        }


def _rows(workspace: Workspace, panel: Mapping[str, Any]) -> Rows:
    [target] = panel["targets"]
    query = target["azureLogAnalytics"]["query"].replace("$__interval", f"{_BIN_MS}ms")
    return workspace.ask(plain(query))


def page(pictures: Sequence[str], label: str) -> str:
    """Return the page that shows the pictures."""
    shown = "\n\n".join(f"## {name}\n\n![The dashboard {name}]({name}.svg)" for name in pictures)
    return (
        "# The dashboards, drawn\n\n"
        f"{label} Made by `make dashboard-pictures`.\n\n"
        "What the service sent to a local ingestion endpoint was asked with the panels' own\n"
        "queries, and drawn where Grafana puts them. No Grafana drew them, and nothing here ran\n"
        "on Azure. Panels about what the embedded backend does not have, or what did not happen\n"
        "in the run, say so.\n\n"
        f"{shown}\n"
    )


def main() -> None:
    """Record, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=90)
    sent, label = recorded(parser.parse_args().seconds)
    PICTURES.mkdir(exist_ok=True)
    pictures = drawn(sent, label)
    for name, text in pictures.items():
        (PICTURES / f"{name}.svg").write_text(text, encoding="utf-8")
    (PICTURES / "README.md").write_text(page(list(pictures), label), encoding="utf-8")


if __name__ == "__main__":
    main()
