"""Runs the contract fuzzer against a live server and reads what its report proves."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ignored_auth",
)
# They end credentials, the fuzzer's own among them.
DEADLY = ("revokeApiKey", "deleteApiKey", "rotateApiKey")
LIMIT_S = 850


@dataclass(frozen=True)
class Report:
    """What one run tried and found. Failures are `code title`, each with its operations."""

    complete: bool
    tested: int
    selected: int
    errored: int
    cases: int
    failures: tuple[str, ...]
    turned_away: tuple[str, ...]  # operations that were never let in: they were not tested
    said: str


def fuzz(folder: Path, location: str, token: str, *options: str) -> Report:
    """Fuzz the API that a document describes; the verdict is in the report, not the exit code."""
    path = folder / "report.json"
    path.unlink(missing_ok=True)
    ran = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", location, "--header", f"X-API-Key: {token}"),
            *("--checks", ",".join(CHECKS)),
            *("--report", "json", "--report-json-path", str(path)),
            *("--seed", "1", "--request-timeout", "20", "--continue-on-failure"),
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if not path.is_file():
        raise RuntimeError(f"no report:\n{ran.stdout}{ran.stderr}")
    return _read(orjson.loads(path.read_bytes()), ran.stdout)


def _read(report: dict[str, Any], said: str) -> Report:
    counted, warned = report["operations"], report["warnings"]
    return Report(
        complete=report["complete"] and not report["errors"],
        tested=counted["tested"],
        selected=counted["selected"],
        errored=counted["errored"],
        cases=report["test_cases"]["generated"],
        failures=tuple(
            f"{one['code']} {one['title']}: {one['operations']}" for one in report["failures"]
        ),
        turned_away=tuple(map(str, (*warned["missing_auth"], *warned["rate_limited"]))),
        said=said,
    )
