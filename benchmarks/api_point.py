"""A point read with a key beside a bare route: CPU per request, in bursts that take turns."""

import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from api_eva import Eva, make_space, serving
from api_measure import WrongAnswerError
from api_processes import CLIENT_CPU, Server, free_port, pinned, start
from api_report import Cells, Row, Verdict
from api_setting import Setting

LIMIT = 2.5
CONNECTIONS = 32
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Burst:
    """One run of wrk."""

    cpu_us: float
    per_second: float
    p50_ms: float
    p99_ms: float


def measure(setting: Setting) -> Row:
    root = setting.folder("point")
    with serving(root) as eva, _bare(root) as bare:
        with eva.client() as http:
            space_id = make_space(http, "Point")
        with pinned(eva.server), pinned(bare):
            found = _bursts(setting, eva, f"/api/v1/spaces/{space_id}", bare)
    ours, theirs = ([burst.cpu_us for burst in found[name]] for name in ("EVA", "bare"))
    ratio = min(ours) / min(theirs)
    pairs = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    note = f"of minima; of the pairs {pairs[0]:.2f} to {pairs[-1]:.2f}"
    verdict = Verdict("point read with a key ÷ bare route, CPU", ratio, LIMIT, " x", note=note)
    figures = [_figures(name, bursts) for name, bursts in found.items()]
    remarks = [
        "GET /api/v1/spaces/{id} and a FastAPI route that returns bytes, one worker each",
        f"on one core (uvicorn, uvloop, httptools); wrk -t1 -c{CONNECTIONS} on the other;",
        f"{len(ours)} bursts each, taking turns; CPU is user and system time of the process tree.",
    ]
    return Row("Point read", [verdict], figures, remarks)


def _bare(root: Path) -> Server:
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_HERE), "api_bare:app", *options]
    server = start("bare", [*command, "--port", str(port)], port, root / "bare.log")
    server.ready("/bytes")
    return server


def _bursts(setting: Setting, eva: Eva, path: str, bare: Server) -> dict[str, list[Burst]]:
    sides = {"EVA": (eva.server, path, eva.headers), "bare": (bare, "/bytes", {})}
    found: dict[str, list[Burst]] = {name: [] for name in sides}
    for turn in range(setting.pick(quick=3, usual=7)):
        setting.quiet()
        for name, (server, at, headers) in sides.items():
            burst = _wrk(server, at, headers, setting.pick(quick=1, usual=2))
            setting.say(f"  {name} {burst.cpu_us:.0f} µs, {burst.per_second:.0f}/s")
            found[name] += [burst] if turn else []  # the first of each warms up
    return found


def _wrk(server: Server, path: str, headers: dict[str, str], seconds: int) -> Burst:
    command = ["taskset", "-c", str(CLIENT_CPU), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    before = server.cpu()
    done = subprocess.run(
        [*command, "--latency", f"http://127.0.0.1:{server.port}{path}"],
        check=True,
        capture_output=True,
        text=True,
    )
    cpu, said = server.cpu() - before, done.stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise WrongAnswerError(f"{server.name}: {said}")
    count = int(_found(r"(\d+) requests in", said)[0])
    per_second = float(_found(r"Requests/sec:\s+([\d.]+)", said)[0])
    return Burst(1e6 * cpu / count, per_second, _quantile("50%", said), _quantile("99%", said))


def _quantile(name: str, said: str) -> float:
    value, unit = _found(rf"{name}\s+([\d.]+)(us|ms|s)", said)
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _found(pattern: str, said: str) -> tuple[str, ...]:
    match = re.search(pattern, said)
    if match is None:
        raise WrongAnswerError(f"wrk said: {said}")
    return match.groups()


def _figures(name: str, bursts: list[Burst]) -> Cells:
    best = min(bursts, key=lambda burst: burst.cpu_us)
    return {
        "server": name,
        "CPU µs min": best.cpu_us,
        "median": statistics.median(burst.cpu_us for burst in bursts),
        "requests/s": max(burst.per_second for burst in bursts),
        "p50 ms": best.p50_ms,
        "p99 ms": best.p99_ms,
    }
