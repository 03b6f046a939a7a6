"""Every test case that was asked for ran, and passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipelines.readiness.checks.check import TEXTS, Asked, Check, UnreadableReportError, matches
from pipelines.readiness.model import Finding, Reading

BAD = ("error", "failure")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: its file, its full name, how it ended, what it says, its properties."""

    file: str
    id: str
    status: str
    message: str
    properties: tuple[tuple[str, str], ...]


def cases(report: bytes) -> Iterator[Case]:
    """Yield the cases of a JUnit file; pytest writes the file of each with `junit_family=xunit1`.

    The reports are those of our own tools, and expat bounds the growth of entities.
    """
    tree = ET.fromstring(report)  # noqa: S314 - see above
    if tree.tag not in {"testsuites", "testsuite"}:
        raise UnreadableReportError(f"a {tree.tag!r} is not a test report")
    for case in tree.iter("testcase"):
        file = case.get("file", "")
        classes = case.get("classname", "").removeprefix(_module(file)).strip(".").split(".")
        parts = [part for part in (file, *classes, case.get("name", "")) if part]
        properties = tuple((p.get("name", ""), p.get("value", "")) for p in case.iter("property"))
        status, message = _end(case)
        yield Case(file or parts[0], "::".join(parts), status, message, properties)


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _end(case: ET.Element) -> tuple[str, str]:
    for status in (*BAD, "skipped"):
        found = case.find(status)
        if found is not None:
            said = (found.get("message") or found.text or "").strip() or status
            return status, said.splitlines()[0][:200]
    return "passed", ""


def read(report: bytes, asked: Asked) -> Reading:
    """Read all cases, or those whose names fit the option `cases`."""
    patterns = asked.texts("cases")
    every = list(cases(report))
    chosen = [case for case in every if not patterns or matches(case.id, patterns)]
    ran = [case.id for case in chosen if case.status != "skipped"]
    return Reading(
        seen=frozenset(ran if patterns else [case.file for case in chosen]),
        skipped=tuple(case.id for case in chosen if case.status == "skipped"),
        absent=tuple(p for p in patterns if not any(matches(case.id, (p,)) for case in every)),
        findings=tuple(
            Finding(rule=case.status, where=case.id, message=case.message)
            for case in chosen
            if case.status in BAD
        ),
        facts={"cases": len(ran)},
    )


CHECK = Check(id="junit", read=read, options={"cases": TEXTS})
