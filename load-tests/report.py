"""A run as text and as one HTML page: the verdict, the tables, the pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from answers import Told
from drawing import Line, chart
from judging import Seen, Verdict
from plan import KNEE, Profile
from stepping import OVERLOAD, OVERLOAD_S, knee, percentile

_SLICE_S = 5
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    "svg{width:100%;font:11px system-ui,sans-serif;margin:.6em 0}svg line{stroke:#ddd}"
    "svg .title{font-size:13px;font-weight:600}.passed{color:#15803d}.failed{color:#b91c1c}"
    ".refused{color:#a16207}"
)
COLUMNS = ("", "requests", "a second", "failed", "shed", "p50 ms", "p95 ms", "p99 ms", "most ms")
Table = Sequence[Sequence[str]]


def rows(told: Mapping[str, Told], seconds: float) -> list[list[str]]:
    """Return the table of answers."""
    return [
        [
            name,
            str(one.num_requests),
            f"{one.num_requests / seconds:.1f}",
            str(one.num_failures - one.shed),
            str(one.shed),
            *(f"{percentile(one.response_times, share):.0f}" for share in (0.5, 0.95, 0.99, 1)),
        ]
        for name, one in told.items()
    ]


def facts(profile: Profile, found: Seen) -> list[tuple[str, str]]:
    """Return what else there is to know of a run."""
    told = [
        ("users at most", f"{found.users}"),
        ("generator", f"{found.generator_busy:.0%} of a core, {found.lateness_ms:.0f} ms late"),
    ]
    if found.server:
        cpu = [one["cpu"] for one in found.server]
        others = [
            max(0.0, one["machine"] - one["cpu"] - found.generator_busy) for one in found.server
        ]
        memory = [one["resident_mb"] for one in found.server]
        told += [
            ("server CPU", f"{sum(cpu) / len(cpu):.2f} cores on average, {max(cpu):.2f} at most"),
            ("server memory", f"{memory[0]:.0f} MB at first, {max(memory):.0f} MB at most"),
            ("open files", _first_and_last(found, "files")),
            ("tasks", _first_and_last(found, "tasks")),
            ("taken by others", f"{sum(others) / len(others):.2f} cores"),
        ]
    if profile.name == KNEE:
        at = knee(profile.steps, found.steps)
        told.append(("knee", f"{at.rate:g} journeys a second, p95 {at.p95_ms:.0f} ms there"))
    return told


def _first_and_last(found: Seen, name: str) -> str:
    values = [one[name] for one in found.server if name in one]
    return f"{values[0]:.0f} to {values[-1]:.0f}" if values else "not told of"


def steps(profile: Profile, found: Seen) -> list[list[str]]:
    """Return the table of steps, by what they were."""
    made = []
    for number, told in found.steps.items():
        if number == OVERLOAD:
            rate = 2 * knee(profile.steps, found.steps).rate
            made += rows({f"twice the knee: {rate:g}/s": told}, OVERLOAD_S)
        else:
            step = profile.steps[number]
            made += rows({f"{step.rate:g}/s": told}, step.seconds)
    return made


def text(profile: Profile, found: Seen, verdict: Verdict, remarks: Sequence[str]) -> str:
    """Return a run as text."""
    lines = [f"== {profile.name}, {profile.duration_s:g} s: {verdict.outcome.upper()}"]
    lines += [f"   {reason}" for reason in verdict.reasons]
    grid = [COLUMNS, *rows(found.classes, profile.duration_s), *steps(profile, found)]
    widths = [max(len(row[at]) for row in grid) for at in range(len(COLUMNS))]
    lines += [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in grid
    ]
    lines += [f"{name}: {value}" for name, value in facts(profile, found)]
    return "\n".join([*lines, *remarks])


def page(
    profile: Profile, run: tuple[Seen, Mapping[str, Any]], verdict: Verdict, remarks: Sequence[str]
) -> str:
    """Return a run as a page that needs nothing else."""
    found, told = run
    title = f"Load: {profile.name}, {profile.duration_s:g} s"
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in verdict.reasons)
    known = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in facts(profile, found)
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="{verdict.outcome}"><strong>{verdict.outcome}</strong></p><ul>{reasons}</ul>',
        table(rows(found.classes, profile.duration_s)),
        table(steps(profile, found)) if found.steps else "",
        f"<table>{known}</table>",
        *_pictures(told, found),
        "<h2>By operation</h2>",
        table(rows(found.names, profile.duration_s)),
        *(f"<p>{escape(remark)}</p>" for remark in remarks),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def table(body: Table) -> str:
    """Return a table as HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body
    )
    return f"<table><tr>{head}</tr>{lines}</table>"


def _pictures(told: Mapping[str, Any], found: Seen) -> list[str]:
    sliced = slices(told["seconds"])
    kinds = [name for name in ("read", "ask", "stream", "upload", "write") if name in found.classes]
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    drawn = [
        chart(f"Latency of {kind}", "ms", {
            label: [(at, percentile(one[kind].response_times, share))
                    for at, one in sliced.items() if kind in one]
            for label, share in shares
        })
        for kind in kinds
    ]  # fmt: skip
    rates = {kind: _each(sliced, kind, "num_requests") for kind in kinds}
    failures = {kind: _each(sliced, kind, "num_failures") for kind in kinds}
    server = found.server
    return [
        *drawn,
        chart("Throughput", "requests a second", rates),
        chart("Failures", "a second", failures),
        chart("CPU", "cores", {
            "server": [(one["second"], one["cpu"]) for one in server],
            "generator": found.generator_cpu,
            "whole machine": [(one["second"], one["machine"]) for one in server],
        }),
        chart("Server memory", "MB", {
            "resident": [(one["second"], one["resident_mb"]) for one in server]
        }),
        chart("Open files and tasks of the server", "number", {
            name: [(one["second"], one[name]) for one in server if name in one]
            for name in ("files", "tasks")
        }),
        chart("Users", "at once", {"users": [(at, float(n)) for at, n in told["users"]]}),
    ]  # fmt: skip


def _each(sliced: Mapping[float, Mapping[str, Told]], kind: str, what: str) -> Line:
    return [
        (at, float(getattr(one[kind], what) if kind in one else 0) / _SLICE_S)
        for at, one in sliced.items()
    ]


def slices(seconds: Mapping[str, Any]) -> dict[float, dict[str, Told]]:
    """Return the answers by slices of five seconds and by class."""
    made: dict[float, dict[str, Told]] = {}
    for second, kinds in sorted(seconds.items(), key=lambda one: int(one[0])):
        slice_ = made.setdefault(float(int(second) // _SLICE_S * _SLICE_S), {})
        for kind, one in kinds.items():
            into = slice_.setdefault(kind, Told())
            into.num_requests += one["num_requests"]
            into.num_failures += one["num_failures"]
            into.response_times += Counter({int(ms): n for ms, n in one["response_times"].items()})
    return made
