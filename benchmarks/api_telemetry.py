"""What telemetry costs: the same requests, everything on and everything off, at the same time.

On: traces, metrics and log lines to a local ingestion endpoint, and metrics for Prometheus. CPU is
that of the whole service, the sending included. Both services are asked at once, so that whatever
else the machine does hits them alike. Requests come at a steady rate, not as fast as can be: the
fewer there are, the more of the sending each of them bears.
"""

import statistics
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
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
RATE = 50.0  # requests a second to each of the two services, which share the machine
_WINDOW_S = 10.0  # signals are sent once in it; metrics once in six of them
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
        setting.quiet()
        spent = {
            kind: _windows(setting, kind, {sides[n]: one[kind] for n, one in asked.items()})
            for kind in ("read", "ask")
        }
        memory = {name: eva.server.resident()[0] / MB for name, eva in sides.items()}
    return Row(
        "Telemetry",
        [_verdict(kind, pairs) for kind, pairs in spent.items()],
        [
            _figures(f"{kind}, telemetry {name}", found, memory[name])
            for kind, pairs in spent.items()
            for name, found in zip(sides, zip(*pairs, strict=True), strict=True)
        ],
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


def _windows(
    setting: Setting, kind: str, asked: Mapping[Eva, tuple[str, ...]]
) -> list[tuple[float, ...]]:
    """Return the CPU µs of a request to each of the services, window by window."""
    found = []
    with ThreadPoolExecutor(len(asked)) as clients:
        for turn in range(1 + setting.pick(quick=3, usual=12)):
            spent = tuple(clients.map(_window, asked, asked.values()))
            setting.say(f"  {kind}: " + ", ".join(f"{us:.0f} µs" for us in spent))
            if turn:  # the first warms up
                found.append(spent)
    return found


def _window(eva: Eva, requests: tuple[str, ...]) -> float:
    before = eva.server.cpu()
    found = run(Plan(eva.server.port, requests, _CONNECTIONS, _WINDOW_S, RATE))
    spent = eva.server.cpu() - before
    if found.errors:
        raise WrongAnswerError(f"telemetry: statuses {found.statuses}")
    return 1e6 * spent / found.count


def _verdict(kind: str, pairs: list[tuple[float, ...]]) -> Verdict:
    costs = [on - off for off, on in pairs]
    error = statistics.stdev(costs) / len(costs) ** 0.5
    note = f"mean of {len(costs)} windows, standard error {error:.0f}"
    note += f"; {min(costs):.0f} to {max(costs):.0f}"
    return Verdict(
        f"{kind}: telemetry on - off", statistics.mean(costs), LIMIT_US, " µs", note=note
    )


def _figures(name: str, found: tuple[float, ...], memory: float) -> Cells:
    return {
        "requests": name,
        "CPU µs least": min(found),
        "median": statistics.median(found),
        "most": max(found),
        "RSS MB": memory,
    }
