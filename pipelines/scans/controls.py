"""Which rows of a list are answered by tests: computed from the JUnit reports of this commit."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines.readiness.checks.check import matches
from pipelines.readiness.checks.junit import Case, cases
from pipelines.readiness.located import ConfigurationError, Table, read_toml
from pipelines.readiness.policy import load_policy
from pipelines.readiness.records import load_evidence
from pipelines.readiness.subject import read_subject
from pipelines.scans.scanner import ROOT

CONTROL = "control"
# What a row says: which tests answer it, or why none does.
ANSWERS = ("tests", "not_applicable", "not_met")
KEYS = ("list", "id", "title", *ANSWERS)
# What a threat says besides; the page of the threat model shows it.
OF_THREATS = ("asset", "stride", "control", "residual")


def read_rows(path: Path) -> list[Table]:
    """Read the rows of a file; ConfigurationError names one that is malformed, and its line."""
    table = read_toml(path, path.name)
    table.only("list", "row")
    lists = {row.text("id") for row in table.tables("list")}
    rows = table.tables("row")
    for row in rows:
        row.only(*KEYS, *OF_THREATS)
        if row.text("list") not in lists:
            raise row.refuse("there is no such [[list]]", "list")
        if sum(key in row.values for key in ANSWERS) != 1:
            raise row.refuse(f"say one of {', '.join(ANSWERS)}")
        if "tests" in row.values and not row.texts("tests"):
            raise row.refuse("no pattern in it", "tests")
    return rows


def answered(row: Table, every: Iterable[Case]) -> dict[str, Any]:
    """Return a row with its status: met, failed, untested, not applicable, or not met."""
    said = {"list": row.text("list"), "id": row.text("id"), "title": row.text("title")}
    for key in ("not_applicable", "not_met"):
        if key in row.values:
            status = key.replace("_", " ")
            return {**said, "status": status, "tests": [], "reason": row.text(key)}
    patterns, every = row.texts("tests"), list(every)
    empty = [p for p in patterns if not any(matches(case.id, (p,)) for case in every)]
    found = [c for c in every if matches(c.id, patterns) or (CONTROL, said["id"]) in c.properties]
    broken = [case.id for case in found if case.status != "passed"]
    status, reason = "met", f"{len(found)} tests passed"
    if empty:
        status, reason = "untested", f"no test fits {', '.join(empty)}"
    if broken:
        status, reason = "failed", f"did not pass: {', '.join(broken[:5])}"
    return {**said, "status": status, "tests": [case.id for case in found], "reason": reason}


def gathered() -> Mapping[str, list[Case]]:
    """Return the cases of every JUnit report that was made from this commit, by its record."""
    policy = load_policy(ROOT)
    commit = read_subject(ROOT, policy).commit
    found = {}
    for material in load_evidence(ROOT / "evidence", policy.sources).values():
        record = material.record
        ours = record.commit == commit and not record.dirty
        if ours and material.report is not None and policy.sources[record.id].check == "junit":
            found[material.path] = list(cases(material.report))
    return found


def main() -> int:
    """Write the rows as `{rows, reports}`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    try:
        rows = read_rows(options.rows)
        reports = gathered()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    every = [case for made in reports.values() for case in made]
    made = {"reports": sorted(reports), "rows": [answered(row, every) for row in rows]}
    options.report.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
