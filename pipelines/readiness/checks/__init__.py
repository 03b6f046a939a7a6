"""Every kind of report the gate can read: this tuple is the table of contents.

A new check is one file, one line here, and one good and one bad example beside the others' in
`tests/pipelines/examples`.
"""

from collections.abc import Mapping
from importlib import import_module

from pipelines.readiness.checks.check import Check

IDS = (
    "bandit",
    "chaos",
    "controls",
    "drill",
    "image",
    "junit",
    "licences",
    "load",
    "pip-audit",
    "review",
    "safety",
    "sarif",
    "sbom",
    "schema",
    "secrets",
    "uv-audit",
)
"""Names of checks; the file of each has the same name."""


def _check(name: str) -> Check:
    check: Check = import_module(f"{__name__}.{name.replace('-', '_')}").CHECK
    if check.id != name:
        raise ValueError(f"the check of {name!r} calls itself {check.id!r}")
    return check


CHECKS_BY_ID: Mapping[str, Check] = {name: _check(name) for name in IDS}
CHECKS: tuple[Check, ...] = tuple(CHECKS_BY_ID.values())
