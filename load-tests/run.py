"""Put a running service under load and judge it: `make load PROFILE=peak`.

Without --url the embedded service is started on an empty folder, filled, and stopped in the end;
one on Azure is that of EVA_URL, as `python -m tests.peers --app` says it.
Profiles and what they must withstand are those of dashboards/objectives.yaml; `knee` looks for the
highest rate of arrivals that holds, and for how twice as much is met. Exit codes: 0 passed, 1 the
run says nothing (refused, or nothing to measure), 3 an objective was not kept.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import history
import report
from judging import EXITS, Seen, seen, verdict
from plan import PLAN, THRESHOLDS, Plan, Profile, UnknownProfileError, profile
from target import Target, TargetError, seeded, started
from watching import Watch

HERE = Path(__file__).parent
EVIDENCE = HERE.parent / "evidence" / "load"
_SLACK_S = 120


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", default="smoke", help="what kind of load (default smoke)")
    parser.add_argument("--seconds", type=float, help="shorter or longer than the profile says")
    parser.add_argument("--url", help="a running service; its key in EVA_API_KEY")
    parser.add_argument(
        "--pid", type=int, help="its process (of several: their keeper), if it is here"
    )
    parser.add_argument("--backend", default="embedded", help="embedded (default) or azure")
    parser.add_argument("--out", type=Path, default=EVIDENCE, help="where reports go")
    parser.add_argument("--report", type=_file, help="the evidence for the release gate")
    parser.add_argument("--objectives", type=Path, default=THRESHOLDS, help="what is demanded")
    parser.add_argument("--json", action="store_true", help="tell the result as JSON")
    parser.add_argument("--accept", action="store_true", help="compare later runs with this one")
    parser.add_argument("--through", type=float, metavar="MS", help="slow it down on purpose")
    return parser.parse_args(given)


def _file(given: str) -> Path:
    """Take where a file can be written: better told before half an hour of load than after."""
    path = Path(given)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{given} is not a file in a folder that exists")
    return path


def main(given: Sequence[str] | None = None) -> int:
    """Run, judge, report."""
    asked = arguments(given)
    try:
        chosen = profile(
            asked.profile, backend=asked.backend, seconds=asked.seconds, path=asked.objectives
        )
        with tempfile.TemporaryDirectory(prefix="eva-load-") as folder:
            found, told = measured(asked, chosen, Path(folder))
    except (UnknownProfileError, TargetError, OSError, subprocess.SubprocessError) as failed:
        print(f"nothing was measured: {failed}", file=sys.stderr)
        return 1
    judged = verdict(chosen, found)
    run = history.summary(chosen, asked.backend, found)
    remarks = list(history.compared(run, history.last(run)))
    remarks += [f"{n} x {reason}" for reason, n in told["reasons"].items()]
    said = report.text(chosen, found, judged, remarks)
    made = {
        **run,
        "outcome": judged.outcome,
        "reasons": judged.reasons,
        "generator_busy": found.generator_busy,
        "duration_s": chosen.duration_s,
        "stats": told["stats"],
    }
    page = report.page(chosen, (found, told), judged, remarks)
    kept = asked.out / f"{chosen.name}.html"
    kept.write_text(page)
    (asked.out / f"{chosen.name}.json").write_text(json.dumps({**made, "run": told}))
    if asked.report:
        asked.report.write_text(json.dumps(made))
    print(json.dumps(made) if asked.json else f"{said}\n{kept}")
    if asked.accept and judged.outcome == "passed":
        history.accept(run)
    return EXITS[judged.outcome]


def measured(
    asked: argparse.Namespace, chosen: Profile, folder: Path
) -> tuple[Seen, Mapping[str, Any]]:
    """Carry out the load; return what was seen."""
    asked.out.mkdir(parents=True, exist_ok=True)
    with _target(asked, folder) as target, _slowed(asked, target) as url:
        plan = Plan(
            profile=chosen,
            url=url,
            seeds=seeded(target),
            outcome=str(folder / "outcome.json"),
        )
        plan.write(folder / "plan.json")
        if target.pid is None:
            _locust(chosen, url, folder, asked.out)
            server: list[dict[str, float]] = []
        else:
            with Watch(target.pid, target.metrics) as watch:
                _locust(chosen, url, folder, asked.out)
            server = watch.shown()
    told = {**json.loads((folder / "outcome.json").read_text()), "server": server}
    return seen(told, server), told


@contextlib.contextmanager
def _target(asked: argparse.Namespace, folder: Path) -> Iterator[Target]:
    url = asked.url or (os.environ.get("EVA_URL") if asked.backend != "embedded" else None)
    if url:
        key = os.environ.get("EVA_API_KEY")
        if not key:
            raise TargetError("EVA_API_KEY must hold an administrator's key of that service")
        yield Target(url.rstrip("/"), key, asked.pid)
    elif asked.backend != "embedded":
        raise TargetError(f"backend {asked.backend}: neither --url nor EVA_URL says where it is")
    else:
        with started(folder) as target:
            yield target


@contextlib.contextmanager
def _slowed(asked: argparse.Namespace, target: Target) -> Iterator[str]:
    """Yield the address to send to: the service's own, or one behind which it is slow."""
    if asked.through is None:
        yield target.url
        return
    command = [sys.executable, str(HERE / "slowing.py"), target.url, str(asked.through)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None  # noqa: S101 - a pipe was asked for
            yield proxy.stdout.readline().strip()
        finally:
            proxy.terminate()


def _locust(chosen: Profile, url: str, folder: Path, out: Path) -> None:
    """Run Locust in a process of its own; its native reports go beside ours."""
    native = out / f"{chosen.name}-locust"
    users = 1 if chosen.steps else chosen.users
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless",
        "--host", url, "-u", str(int(users)), "-r", str(chosen.spawn_rate),
        "-t", f"{int(chosen.duration_s)}s", "--stop-timeout", "20", "--only-summary",
        "--loglevel", "WARNING", "--csv", str(native), "--html", f"{native}.html",
    ]  # fmt: skip
    if chosen.steps:
        command[command.index("-t") + 1] = f"{int(chosen.duration_s) + _SLACK_S}s"
    with (out / f"{chosen.name}-locust.log").open("w") as log:
        subprocess.run(
            command,
            check=True,
            stdout=log,
            stderr=log,
            env={**os.environ, PLAN: str(folder / "plan.json")},
            timeout=chosen.duration_s + 3 * _SLACK_S,
        )


if __name__ == "__main__":
    sys.exit(main())
