"""What telemetry costs: the same requests, everything on and everything off, in turns.

On: traces, metrics and log lines to a local ingestion endpoint, and metrics for Prometheus. CPU is
that of the whole service, the sending included. Requests come at a steady rate, not as fast as can
be: the fewer there are, the more of the sending each of them bears.
"""

import statistics
import sys
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path

from api_corpus import corpus
from api_eva import Eva, fill, make_space, serving
from api_load import Plan, run
from api_measure import WrongAnswerError
from api_processes import MB, Server, free_port, start
from api_report import Cells, Row, Verdict
from api_setting import Setting

LIMIT_US = 300.0
RATE = 100.0  # requests a second: 500 people who think for five seconds
_HERE = Path(__file__).parent
_CHUNKS = 500
_CONNECTIONS = 16


def measure(setting: Setting) -> Row:
    root = setting.folder("telemetry")
    with ExitStack() as stack:
        sink = stack.enter_context(_sink(root))
        sides = {
            "off": stack.enter_context(serving(root / "off", EVA_METRICS_PORT="0")),
            "on": stack.enter_context(serving(root / "on", **_everything(sink.port))),
        }
        asked = {name: _requests(eva) for name, eva in sides.items()}
        spent: dict[tuple[str, str], list[float]] = {}
        for turn in range(setting.pick(quick=5, usual=11)):
            setting.quiet()
            for kind in ("read", "ask"):
                for name, eva in sorted(sides.items(), reverse=turn % 2 == 0):
                    us = _burst(eva, asked[name][kind], setting.pick(quick=3.0, usual=6.0))
                    setting.say(f"  {kind}, telemetry {name}: {us:.0f} µs")
                    if turn:  # the first warms up
                        spent.setdefault((kind, name), []).append(us)
        memory = {name: eva.server.resident()[0] / MB for name, eva in sides.items()}
    return Row(
        "Telemetry",
        [_verdict(kind, spent) for kind in ("read", "ask")],
        [_figures(kind, name, found, memory[name]) for (kind, name), found in spent.items()],
        [f"{RATE:g} requests a second, {_CONNECTIONS} connections; CPU of the process tree."],
    )


def _sink(root: Path) -> Server:
    port = free_port()
    command = [sys.executable, str(_HERE / "api_sink.py"), str(port)]
    server = start("sink", command, port, root / "sink.log")
    server.ready("/")
    return server


def _everything(sink: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{sink}/"
    key = "00000000-0000-0000-0000-000000000001"
    return {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={key};"
        f"IngestionEndpoint={address};LiveEndpoint={address}",
        "EVA_METRICS_PORT": str(free_port()),
        "EVA_LOG_FORMAT": "json",
    }


def _requests(eva: Eva) -> dict[str, tuple[str, ...]]:
    held = corpus(_CHUNKS)
    with eva.client() as http:
        space_id = make_space(http, "Telemetry")
    fill(eva, [space_id], held.documents())
    return {
        "read": (eva.read_space(space_id),),
        "ask": eva.asks(held.questions(2000), repeat(space_id)),
    }


def _burst(eva: Eva, requests: tuple[str, ...], seconds: float) -> float:
    """Return the CPU µs of a request."""
    before = eva.server.cpu()
    found = run(Plan(eva.server.port, requests, _CONNECTIONS, seconds, RATE))
    spent = eva.server.cpu() - before
    if found.errors:
        raise WrongAnswerError(f"telemetry: statuses {found.statuses}")
    return 1e6 * spent / found.count


def _verdict(kind: str, spent: dict[tuple[str, str], list[float]]) -> Verdict:
    on, off = spent[kind, "on"], spent[kind, "off"]
    pairs = sorted(a - b for a, b in zip(on, off, strict=True))
    note = f"median of {len(pairs)} pairs, {pairs[0]:.0f} to {pairs[-1]:.0f}"
    note += f"; {min(on) - min(off):.0f} of the minima"
    cost = statistics.median(pairs)
    return Verdict(f"{kind}: telemetry on - off", cost, LIMIT_US, " µs", note=note)


def _figures(kind: str, name: str, found: list[float], memory: float) -> Cells:
    return {
        "requests": f"{kind}, telemetry {name}",
        "CPU µs least": min(found),
        "median": statistics.median(found),
        "most": max(found),
        "RSS MB": memory,
    }
