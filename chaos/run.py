"""`python -m chaos.run`: the experiments, one after the other, each with clients of its own.

Exit codes: 0 every experiment went as it should, 1 one did not, 2 one could not be carried out.
Without breakers it is the other way round: what they are for has to fail.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.observing import read
from chaos.outcomes import (
    EXPERIMENTS,
    every_experiment,
    experiment,
    failed,
    ours,
    recovery_s,
    well,
    writes,
    wrong,
)
from chaos.page import CONTROLS, JOURNALS
from chaos.probes import slack, steady
from chaos.small import small_disk
from chaos.stage import Stage, StageError, staged
from chaos.state import STATE

ROOT = Path(__file__).parents[1]
_LONGEST_S = 600
_WARM_S = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """An experiment and what came of it."""

    name: str
    journal: Mapping[str, Any]
    seconds: float
    as_it_should: bool


def settings(backend: str, folder: Path, *, breaker: bool) -> dict[str, str]:
    """Return the settings of the service for an experiment; those of the peers are in ours."""
    own = {"EVA_ENABLE_CIRCUIT_BREAKER": "on" if breaker else "off"}
    if backend == "embedded":
        return own | {"EVA_BACKEND": "embedded", "EVA_DATA_DIR": str(folder / "data")}
    name = f"eva-{secrets.token_hex(4)}"  # nothing of the experiment before
    return own | {
        "EVA_BACKEND": "azure",
        "COSMOS_DB_DATABASE": name,
        "AZURE_STORAGE_CONTAINER_DOCUMENTS": f"{name}-documents",
        "AZURE_STORAGE_CONTAINER_AUDIT": f"{name}-audit",
        "AZURE_STORAGE_QUEUE_PREFIX": name,
    }


def carried_out(path: Path, folder: Path, *, breaker: bool) -> Ran:
    """Carry one experiment out on a service of its own."""
    began, said = time.monotonic(), ours(experiment(path))
    with small_disk(folder / "disk", wanted=said.get("small_disk", False)) as place:
        chosen = settings(said["backend"], place, breaker=breaker)
        with staged(folder / "stage", chosen, said.get("clients", "").split()) as stage:
            _steady(stage)
            made = _journal(path, folder, stage)
    made["slack"] = slack()
    made["seen"] = _by_second(folder / "stage" / "seen.jsonl")
    met = well(made) if breaker else failed(made, said["without_breaker"])
    return Ran(path.stem, made, time.monotonic() - began, met)


def _journal(path: Path, folder: Path, stage: Stage) -> dict[str, Any]:
    """Let Chaos Toolkit carry it out; what it wrote down."""
    journal = folder / "journal.json"
    command = [str(Path(sys.executable).with_name("chaos")), "--no-version-check"]
    command += ["--log-file", str(folder / "toolkit.log"), "run"]
    command += ["--rollback-strategy=always", "--journal-path", str(journal), str(path)]
    environment = {**os.environ, STATE: str(stage.state), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=_LONGEST_S
    )
    if not journal.is_file():
        raise StageError((folder / "toolkit.log").read_text(encoding="utf-8")[-2000:])
    made: dict[str, Any] = json.loads(journal.read_text(encoding="utf-8"))
    return made


def _steady(stage: Stage) -> None:
    """Return once the objectives are kept with clients at work; StageError if they never are."""
    path, until = stage.folder / "seen.jsonl", time.monotonic() + _WARM_S
    while time.monotonic() < until:
        time.sleep(0.5)
        if steady(read(path)):
            return
    raise StageError(f"no steady state in {_WARM_S:g} s: is this machine busy with something else?")


def _by_second(seen: Path) -> list[list[float]]:
    """Return, a row a second: when, how many were good, how many not, and the slowest in ms."""
    rows: dict[int, list[float]] = {}
    for one in read(seen):
        row = rows.setdefault(int(one.at), [int(one.at), 0, 0, 0.0])
        row[1 if one.good else 2] += 1
        row[3] = max(row[3], round(one.ms))
    return [rows[second] for second in sorted(rows)]


def _told(ran: Ran) -> str:
    seconds, found = recovery_s(ran.journal), writes(ran.journal)
    back = "" if seconds is None else f"recovered after {seconds} s"
    return "; ".join(filter(None, [back, found.get("acknowledged", ""), *wrong(ran.journal)]))


def table(paths: Sequence[Path]) -> str:
    """Return what is asked as a table in Markdown."""
    lines = ["| experiment | question | expected | runbook |", "|---|---|---|---|"]
    for path in paths:
        said = experiment(path)
        runbook = Path(ours(said)["runbook"])
        cells = [f"`{path.stem}`", ours(said)["question"], said["description"].strip()]
        lines.append(f"| {' | '.join(cells)} | [{runbook.stem}](../{runbook}) |")
    return "\n".join(lines)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos.run", description=__doc__)
    parser.add_argument("only", nargs="*", help="names; all but those at load if none is named")
    parser.add_argument("--report", type=Path, help="write all journals as one JSON")
    parser.add_argument("--journals", type=Path, default=JOURNALS, help="where they are kept")
    parser.add_argument("--keep", type=Path, help="keep logs and all in this folder")
    parser.add_argument(
        "--no-breaker", action="store_true", help="without breakers: what they are for must fail"
    )
    parser.add_argument("--list", action="store_true", help="say which there are, and go")
    return parser.parse_args(given)


def _chosen(given: argparse.Namespace) -> list[Path]:
    """Return the experiments that are wanted; without breakers, those that need them."""
    every = every_experiment()
    if unknown := set(given.only) - set(every):
        named, known = (", ".join(sorted(names)) for names in (unknown, every))
        raise StageError(f"no experiment {named}; there are {known}")
    if given.report is not None and slack() != 1:
        raise StageError("a report for the gate is made without CHAOS_SLACK")
    usual = [path for path in every.values() if path.parent == EXPERIMENTS]
    paths = [every[name] for name in given.only] or usual
    if given.no_breaker:
        paths = [path for path in paths if "without_breaker" in ours(experiment(path))]
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is wanted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing of it stays behind
    given = _arguments(arguments)
    try:
        paths = _chosen(given)
    except StageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if given.list:
        print(table(paths))
        return 0
    folder = given.keep or Path(tempfile.mkdtemp(prefix="eva-chaos-"))
    try:
        return _all(paths, folder, given)
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _all(paths: Sequence[Path], place: Path, given: argparse.Namespace) -> int:
    done: list[Ran] = []
    for path in paths:
        print(f"{path.stem:<23}", end="", flush=True)
        try:
            ran = carried_out(path, place / path.stem, breaker=not given.no_breaker)
        except (StageError, subprocess.TimeoutExpired) as error:
            print(f"NOT RUN: {error}", flush=True)
            continue
        done.append(ran)
        mark = "ok" if ran.as_it_should else "!!"
        print(f"{mark} {ran.seconds:6.1f} s  {_told(ran)}", flush=True)
        folder = given.journals / CONTROLS if given.no_breaker else given.journals
        _write(folder / f"{ran.name}.json", ran.journal)
    if given.report is not None:
        places = {name: str(path.relative_to(ROOT)) for name, path in every_experiment().items()}
        journals = {places[one.name]: one.journal for one in done}
        _write(given.report, {"journals": journals})
    if not all(ran.as_it_should for ran in done):
        return 1
    return 0 if len(done) == len(paths) else 2


def _write(path: Path, found: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
