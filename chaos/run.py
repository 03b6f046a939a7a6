"""`python -m chaos.run`: the experiments, one after the other, each with clients of its own.

Exit codes: 0 every experiment went as it should, 1 one did not, 2 one could not be carried out.
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

import yaml

from chaos.observing import read, recent
from chaos.page import page
from chaos.probes import OBSERVED_S, STEADY, kept
from chaos.small import small_disk
from chaos.stage import Stage, StageError, staged
from chaos.state import STATE

ROOT = Path(__file__).parents[1]
EXPERIMENTS = Path(__file__).parent / "experiments"
_LONGEST_S = 600
_WARM_S = 120.0
_FEW = 3  # of fewer requests nothing can be told


@dataclass(frozen=True, slots=True)
class Ran:
    """An experiment and what came of it."""

    name: str
    journal: Mapping[str, Any]
    seconds: float

    @property
    def well(self) -> bool:
        """Tell whether the steady state was met before and after, and every activity succeeded."""
        states = self.journal["steady_states"]
        met = [(states.get(when) or {}).get("steady_state_met") for when in ("before", "after")]
        done = [one["status"] == "succeeded" for one in self.journal["run"]]
        whole = self.journal["status"] == "completed" and not self.journal["deviated"]
        return whole and met == [True, True] and bool(done) and all(done)


def experiment(path: Path) -> dict[str, Any]:
    """Return an experiment with what our extension says of it."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    [ours] = [one for one in found["extensions"] if one["name"] == "eva"]
    return {**found, "eva": ours}


def settings(backend: str, folder: Path, *, breaker: bool) -> dict[str, str]:
    """Return the settings of the service for an experiment; those of the peers are in ours."""
    own = {"EVA_ENABLE_CIRCUIT_BREAKER": "on" if breaker else "off"}
    if backend == "embedded":
        return own | {"EVA_BACKEND": "embedded", "EVA_DATA_DIR": str(folder / "data")}
    name = f"eva-{secrets.token_hex(4)}"  # nothing of the experiment before
    return own | {
        "COSMOS_DB_DATABASE": name,
        "AZURE_STORAGE_CONTAINER_DOCUMENTS": f"{name}-documents",
        "AZURE_STORAGE_CONTAINER_AUDIT": f"{name}-audit",
        "AZURE_STORAGE_QUEUE_PREFIX": name,
    }


def carried_out(path: Path, folder: Path, *, breaker: bool) -> Ran:
    """Carry one experiment out on a service of its own."""
    began, said = time.monotonic(), experiment(path)["eva"]
    with small_disk(folder / "disk", wanted=said.get("small_disk", False)) as place:
        chosen = settings(said["backend"], place, breaker=breaker)
        with staged(folder / "stage", chosen) as stage:
            _steady(stage)
            journal = folder / "journal.json"
            command = [str(Path(sys.executable).with_name("chaos")), "--no-version-check"]
            command += ["--log-file", str(folder / "toolkit.log"), "run"]
            command += ["--rollback-strategy=always", "--journal-path", str(journal), str(path)]
            subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, STATE: str(stage.state), "PYTHONPATH": str(ROOT)},
                capture_output=True,
                check=False,
                timeout=_LONGEST_S,
            )
    if not journal.is_file():
        raise StageError((folder / "toolkit.log").read_text(encoding="utf-8")[-2000:])
    made = json.loads(journal.read_text(encoding="utf-8"))
    made["seen"] = _by_second(folder / "stage" / "seen.jsonl")
    return Ran(path.stem, made, time.monotonic() - began)


def _steady(stage: Stage) -> None:
    """Return once the objectives are kept with clients at work; StageError if they never are."""
    path, until = stage.folder / "seen.jsonl", time.monotonic() + _WARM_S
    while time.monotonic() < until:
        time.sleep(0.5)
        seen = read(path)
        enough = all(len(recent(seen, kind, OBSERVED_S)) >= _FEW for kind in ("read", "ask"))
        if enough and all(kept(seen, one) for one in STEADY):
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


def _measured(ran: Ran) -> str:
    outputs = {one["activity"]["name"]: one.get("output") for one in ran.journal["run"]}
    recovery = [out for name, out in outputs.items() if name.startswith("it recovers")]
    states = ran.journal["steady_states"]
    lost = [
        f"{one['activity']['name']}: not so {when}"
        for when in ("before", "after")
        for one in (states.get(when) or {}).get("probes", ())
        if not one["tolerance_met"]
    ]
    broken = [
        f"{one['activity']['name']}: {(one.get('exception') or ['?'])[-1].strip()[:300]}"
        for one in ran.journal["run"]
        if one["status"] != "succeeded"
    ]
    back = f"recovered in {recovery[0]} s" if recovery and recovery[0] is not None else ""
    return "; ".join(filter(None, [back, *lost, *broken]))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos.run", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of experiments; all if none is named")
    parser.add_argument("--report", type=Path, help="write all journals as one JSON")
    parser.add_argument("--keep", type=Path, help="keep journals and logs in this folder")
    parser.add_argument("--page", type=Path, help="write a page with a picture of each")
    parser.add_argument(
        "--no-breaker", action="store_true", help="without breakers: what they are for must fail"
    )
    parser.add_argument("--list", action="store_true", help="say which there are, and go")
    return parser.parse_args(given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is wanted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing of it stays behind
    given = _arguments(arguments)
    paths = [
        p for p in sorted(EXPERIMENTS.glob("*.yaml")) if not given.only or p.stem in given.only
    ]
    if unknown := set(given.only) - {path.stem for path in paths}:
        print(f"error: no experiment {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if given.list:
        for path in paths:
            print(f"{path.stem:<22}{experiment(path)['title']}")
        return 0
    folder = given.keep or Path(tempfile.mkdtemp(prefix="eva-chaos-"))
    try:
        return _all(paths, folder, given)
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _all(paths: Sequence[Path], folder: Path, given: argparse.Namespace) -> int:
    done: list[Ran] = []
    undone = 0
    for path in paths:
        print(f"{path.stem:<22}", end="", flush=True)
        try:
            ran = carried_out(path, folder / path.stem, breaker=not given.no_breaker)
        except (StageError, subprocess.TimeoutExpired) as error:
            print(f"NOT RUN: {error}", flush=True)
            undone += 1
            continue
        done.append(ran)
        print(f"{'ok' if ran.well else '!!'} {ran.seconds:6.1f} s  {_measured(ran)}", flush=True)
    if given.report is not None:
        journals = {f"chaos/experiments/{one.name}.yaml": one.journal for one in done}
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(json.dumps({"journals": journals}, indent=1), encoding="utf-8")
    if given.page is not None:
        given.page.write_text(page({one.name: one.journal for one in done}), encoding="utf-8")
    if not all(one.well for one in done):
        return 1
    return 2 if undone else 0


if __name__ == "__main__":
    sys.exit(main())
