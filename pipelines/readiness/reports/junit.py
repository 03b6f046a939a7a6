"""The verdict as JUnit: a criterion is a test case, for whatever shows test results."""

from xml.etree import ElementTree as ET

from pipelines.readiness.model import Outcome
from pipelines.readiness.reasons import say
from pipelines.readiness.verdict import Result, Verdict


def as_junit(verdict: Verdict) -> str:
    """Return the XML. Every unmet criterion is a failure: a skipped one would look harmless."""
    suite = ET.Element(
        "testsuite",
        name=f"readiness {verdict.stage}",
        timestamp=verdict.now.strftime("%Y-%m-%dT%H:%M:%S"),
        tests=str(len(verdict.results)),
        failures=str(len(verdict.unmet)),
        errors="0",
        skipped="0",
    )
    for result in verdict.results:
        _case(suite, result)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, result: Result) -> None:
    name = f"{result.criterion.id} {result.criterion.statement.en}"
    case = ET.SubElement(suite, "testcase", classname=result.criterion.area, name=name, time="0")
    said = say(result.worst.reason)
    if not result.outcome.met:
        failure = ET.SubElement(case, "failure", type=str(result.outcome), message=said)
        failure.text = "\n".join(say(answer.reason) for answer in result.answers)
    elif result.outcome is Outcome.WAIVED:
        ET.SubElement(case, "system-out").text = said
